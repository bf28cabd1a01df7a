// Package mllp moves HL7 messages over TCP and TLS, as bytes.
//
// MLLP is the smallest of protocols: a block is 0x0B, a payload, 0x1C 0x0D.
package mllp

// Package mllptest holds what tests of MLLP software need.
package mllptest

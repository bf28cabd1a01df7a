package mllptest

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/pamlab/pamlab/mllp"
)

// A Case is a byte stream and what is to be read from it.
type Case struct {
	Name  string
	Bytes []byte
	// Cuts are offsets at which the sender cuts the bytes into writes, in order;
	// none is one write. What is read must be the same wherever they are cut.
	Cuts []int
	Max  int // limit of the payload; 0 is mllp.DefaultMaxMessage

	Frames   [][]byte      // payloads, in order
	Oddities []mllp.Oddity // kind, offset and count, in order; samples are left out
	// End is how the stream ends: "" at a frame boundary or outside any block.
	End mllp.FrameErrorKind
}

// Pieces returns the bytes as they are written.
func (c Case) Pieces() [][]byte {
	var all [][]byte
	from := 0
	for _, to := range append(slices.Clone(c.Cuts), len(c.Bytes)) {
		all = append(all, c.Bytes[from:to])
		from = to
	}
	return all
}

// Messages that the cases are made of.
const (
	First  = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5\rEVN||20260105101500\r"
	Second = "MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101600||ADT^A02^ADT_A02|S00043|P|2.5\rEVN||20260105101600\r"
)

// Cases returns the table. The caller may change it.
func Cases() []Case {
	return slices.Concat(goodCases(), garbageCases(), endCases(), restartCases(), emptyCases(), byteCases(), charsetCases(), sizeCases(), tlsCases())
}

// Find returns the case of a name.
func Find(name string) (Case, bool) {
	all := Cases()
	if i := slices.IndexFunc(all, func(c Case) bool { return c.Name == name }); i >= 0 {
		return all[i], true
	}
	return Case{}, false
}

// Names lists the names of all cases.
func Names() []string {
	var all []string
	for _, c := range Cases() {
		all = append(all, c.Name)
	}
	return all
}

// block frames a payload.
func block(payload string) string { return string(mllp.AppendFrame(nil, []byte(payload))) }

// frames makes a list of payloads.
func frames(payloads ...string) (all [][]byte) {
	for _, p := range payloads {
		all = append(all, []byte(p))
	}
	return all
}

func odd(kind mllp.OddityKind, offset, count int) mllp.Oddity {
	return mllp.Oddity{Kind: kind, Offset: int64(offset), Count: count}
}

// each lists n offsets: every byte boundary inside n+1 bytes.
func each(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// wide encodes ASCII in UTF-16, the byte that is not 0 first or last.
func wide(s string, littleEndian bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if littleEndian {
			b.Write([]byte{byte(u), byte(u >> 8)})
		} else {
			b.Write([]byte{byte(u >> 8), byte(u)})
		}
	}
	return b.String()
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

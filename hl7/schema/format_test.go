package schema

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format Format
		text   string
		want   verdict
	}{
		{FormatSequence, "1", fine}, {FormatSequence, "9999", fine}, {FormatSequence, "10000", malformed}, {FormatSequence, "-1", malformed}, {FormatSequence, "1.0", malformed},
		{FormatNumber, "1", fine}, {FormatNumber, "-1.5", fine}, {FormatNumber, "+0", fine}, {FormatNumber, ".5", fine}, {FormatNumber, "1.", fine},
		{FormatNumber, "1e3", malformed}, {FormatNumber, "1,5", malformed}, {FormatNumber, "-", malformed}, {FormatNumber, ".", malformed}, {FormatNumber, "1.2.3", malformed}, {FormatNumber, " 1", malformed},
		{FormatDate, "2026", fine}, {FormatDate, "202602", fine}, {FormatDate, "20240229", fine}, {FormatDate, "20260229", impossible}, {FormatDate, "19000229", impossible}, {FormatDate, "20000229", fine},
		{FormatDate, "202613", impossible}, {FormatDate, "20260431", impossible}, {FormatDate, "20260100", impossible}, {FormatDate, "2026-01-01", malformed}, {FormatDate, "20261", malformed}, {FormatDate, "202601011200", malformed},
		{FormatDateTime, "2026", fine}, {FormatDateTime, "2026031", malformed}, {FormatDateTime, "2026030912", fine}, {FormatDateTime, "202603091", malformed},
		{FormatDateTime, "20260309123059.1234+0100", fine}, {FormatDateTime, "20260309123059.12345", malformed}, {FormatDateTime, "202603091230.1", malformed},
		{FormatDateTime, "202603092400", impossible}, {FormatDateTime, "202603091260", impossible}, {FormatDateTime, "20260309123060", impossible},
		{FormatDateTime, "20260309+1500", impossible}, {FormatDateTime, "20260309+01", malformed}, {FormatDateTime, "20260309+01:0", malformed}, {FormatDateTime, "+0100", malformed}, {FormatDateTime, "00000000", impossible},
		{FormatPairedTime, "2026030912", hourAlone}, {FormatPairedTime, "202603091230", fine}, {FormatPairedTime, "2026030912+0100", hourAlone},
		{FormatTime, "12", fine}, {FormatTime, "1230", fine}, {FormatTime, "123059.5-0500", fine}, {FormatTime, "123", malformed}, {FormatTime, "2430", impossible}, {FormatTime, "12:30", malformed},
		{FormatString, "x", fine}, {FormatString, " x", blankFirst}, {FormatText, " x", fine}, {FormatCode, "x", fine},
	} {
		require.Equal(t, c.want, c.format.judge([]byte(c.text)), "%v %q", c.format, c.text)
	}
}

// FuzzDateTime holds the fast reader of dates against the one of package hl7.
func FuzzDateTime(f *testing.F) {
	for _, s := range []string{"2026", "20260229", "202603091230", "20260309123059.1234+0100", "2026030912+1400", "20260309-0099", "20260309+1401"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return
		}
		_, err := hl7.ParseTime(s, nil)
		require.Equal(t, err == nil, FormatDateTime.judge([]byte(s)) == fine, "%q: %v", s, err)
	})
}

// TestGeneratedAsComputed holds what the generator wrote against what the
// package computes for profiles.
func TestGeneratedAsComputed(t *testing.T) {
	for _, v := range Versions() {
		for _, x := range v.types {
			c := copyType(x)
			c.settle()
			require.Equal(t, c.required, x.required, x.Name)
			if x.Primitive() {
				require.Equal(t, formatOf(x.Name), x.Format, x.Name)
			}
		}
		for _, s := range v.segments {
			c := copySegment(s)
			c.settle()
			require.Equal(t, c.lastRequired, s.lastRequired, s.Name)
		}
		for _, x := range v.tables {
			n := NewTable(x.Number, x.Name, x.Kind, x.Codes...)
			require.Equal(t, n.Codes, slices.Clone(x.Codes), x.Number)
			require.Equal(t, n.keys, append([]uint64{}, x.keys...), x.Number)
			require.Equal(t, n.slots, x.slots, x.Number)
			require.Equal(t, n.patterns, x.patterns, x.Number)
		}
	}
}

package hl7_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestCompilePath(t *testing.T) {
	for _, c := range []struct{ in, canonical, location string }{
		{"MSH", "MSH", "MSH"},
		{"ERR[2]", "ERR[2]", "ERR[2]"},
		{"PID[1]-3", "PID-3", "PID-3"},
		{"MSH-9", "MSH-9", "MSH-9"},
		{"PID-3[2].1", "PID-3[2].1", "PID-3[2].1"},
		{"PID-3[1]", "PID-3[1]", "PID-3"},
		{"PID-3[*].4.2", "PID-3[*].4.2", "PID-3.4.2"},
		{"OBX[*]-5", "OBX[*]-5", "OBX-5"},
		{"OBX(*)-5(2).1", "OBX[*]-5[2].1", "OBX-5[2].1"},
		{"PID-3[.5=PI].1", "PID-3[.5=PI].1", "PID-3.1"},
		{"PID-3(.5=PI).1", "PID-3[.5=PI].1", "PID-3.1"},
		{"PID-3[.4.2=1.2.250.1.213.1.4.8].1", "PID-3[.4.2=1.2.250.1.213.1.4.8].1", "PID-3.1"},
		{"PID[2]-3[.5=PI]", "PID[2]-3[.5=PI]", "PID[2]-3"},
		{"PID-5(.1=a]b).1", "PID-5(.1=a]b).1", "PID-5.1"},
		{"PID-5[.1=a(b)].1", "PID-5[.1=a(b)].1", "PID-5.1"},
		{"PID-5[.1=L'ŒUVRE = É].2", "PID-5[.1=L'ŒUVRE = É].2", "PID-5.2"},
		{"IN1-2", "IN1-2", "IN1-2"},
		{"ZBE-9999.9999.9999", "ZBE-9999.9999.9999", "ZBE-9999.9999.9999"},
		{"Z99-1", "Z99-1", "Z99-1"},
	} {
		t.Run(c.in, func(t *testing.T) {
			p, err := hl7.CompilePath(c.in)
			require.NoError(t, err)
			require.Equal(t, c.canonical, p.String())
			require.Equal(t, c.location, p.Location().String())
			again, err := hl7.CompilePath(p.String())
			require.NoError(t, err)
			require.True(t, p == again, "paths compare")
			require.Equal(t, c.in[:3], p.SegmentName())
		})
	}
	p := hl7.MustPath("PID-3[*].4.2")
	require.Equal(t, []int{3, 4, 2}, []int{p.Field(), p.Component(), p.Subcomponent()})
	require.True(t, p.Several())
	require.False(t, hl7.MustPath("PID-3[.5=PI]").Several())
	require.Empty(t, hl7.Path{}.String())
	require.Empty(t, hl7.Path{}.SegmentName())
	require.Panics(t, func() { hl7.MustPath("PID.3") })
}

func TestCompilePathRefuses(t *testing.T) {
	for _, c := range []struct {
		in     string
		column int
		en     string
	}{
		{"", 1, `path "", character 1: a segment name of three capitals or digits was expected`},
		{"pid-3", 1, ""},
		{"PI", 1, ""},
		{"9ID-3", 1, ""},
		{"PIDX-3", 4, ""},
		{"PID.3", 4, `path "PID.3", character 4: a hyphen and the number of a field were expected after the segment`},
		{"PID 3", 4, ""},
		{"PID-", 5, `path "PID-", character 5: a number from 1 to 9999 was expected`},
		{"PID-0", 5, ""},
		{"PID-03", 5, ""},
		{"PID-10000", 5, ""},
		{"PID-99999999999999999999", 5, ""},
		{"PID-x", 5, ""},
		{"PID-3.", 7, ""},
		{"PID-3.x", 7, ""},
		{"PID-3-1", 6, `path "PID-3-1", character 6: a dot and the number of a component, or the end, were expected`},
		{"PID-3.1.2.3", 10, `path "PID-3.1.2.3", character 10: the path should end here`},
		{"PID-3[", 7, `path "PID-3[", character 7: a number, * or a condition like .5=PI was expected`},
		{"PID-3[10000]", 7, ""},
		{"OBX[10000000]", 5, `path "OBX[10000000]", character 5: a number from 1 to 9999999 was expected`},
		{"PID-3[]", 7, ""},
		{"PID-3[0]", 7, ""},
		{"PID-3[2", 8, `path "PID-3[2", character 8: ']' was expected`},
		{"PID-3[2)", 8, ""},
		{"PID-3(2]", 8, `path "PID-3(2]", character 8: ')' was expected`},
		{"PID-3[x]", 7, ""},
		{"PID-3[.5]", 9, `path "PID-3[.5]", character 9: = and a value were expected in the condition`},
		{"PID-3[.5=]", 10, ""},
		{"PID-3[.=PI]", 8, ""},
		{"PID-3[.5=PI", 12, ""},
		{"PID-3[.5=É", 11, ""},
		{"PID[.5=PI]-3", 5, ""},
		{" PID-3", 1, ""},
		{"PID-3 ", 6, ""},
		{"PID-3.1[2]", 8, ""},
	} {
		t.Run(c.in, func(t *testing.T) {
			_, err := hl7.CompilePath(c.in)
			var e *hl7.PathError
			require.True(t, errors.As(err, &e))
			require.Equal(t, c.in, e.Text)
			require.Equal(t, c.column, e.Column, e.Error())
			requireSpoken(t, e)
			require.NotEmpty(t, e.Hint("fr"))
			if c.en != "" {
				require.Equal(t, c.en, e.Error())
			}
		})
	}
}

func TestLocationString(t *testing.T) {
	for want, l := range map[string]hl7.Location{
		"":                {},
		"PID":             {Segment: "PID"},
		"PID[2]":          {Segment: "PID", Occurrence: 2},
		"PID-3":           {Segment: "PID", Occurrence: 1, Field: 3, Repetition: 1},
		"PID-3[2]":        {Segment: "PID", Field: 3, Repetition: 2},
		"PID[2]-3[4].5.6": {Segment: "PID", Occurrence: 2, Field: 3, Repetition: 4, Component: 5, Subcomponent: 6},
	} {
		require.Equal(t, want, l.String())
	}
}

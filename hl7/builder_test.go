package hl7_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestBuilder(t *testing.T) {
	b := hl7.NewBuilder(hl7.Delimiters{})
	b.Segment("MSH").Field(3, "GAM").Field(9, "ADT^A01^ADT_A01").Field(18, "8859/15")
	b.Segment("PID").Field(3, "1^^^N&U&ISO^PI", "2^^^^INS", "").Text(5, "a|b & œuf").Field(6, "x~y").Field(8)
	b.Segment("ROL").Field(2, "").Field(1, "1").Field(1, "2")
	b.Segment("ROL")
	data, err := b.Bytes(hl7.Latin9)
	require.NoError(t, err)
	require.Equal(t, "MSH|^~\\&|GAM||||||ADT^A01^ADT_A01|||||||||8859/15\r"+
		"PID|||1^^^N&U&ISO^PI~2^^^^INS||a\\F\\b \\T\\ \xbduf|x~y\r"+
		"ROL|2\rROL\r", string(data))
	m, err := b.Message(hl7.Latin9)
	require.NoError(t, err)
	require.Equal(t, "a|b & œuf", m.Get("PID-5"))
	require.Empty(t, m.Oddities())
}

func TestBuilderInOtherDelimiters(t *testing.T) {
	b := hl7.NewBuilder(hl7.Delimiters{Field: '@', Component: '~', Repetition: '&', Escape: '#', Subcomponent: '\\'})
	b.Segment("MSH").Field(3, "A@B")
	b.Segment("PID").Field(3, `1^^^N&U`, "2").Text(5, "#")
	data, err := b.Bytes(hl7.ASCII)
	require.NoError(t, err)
	require.Equal(t, "MSH@~&#\\@A#F#B\rPID@@@1~~~N\\U&2@@#E#\r", string(data))
}

func TestBuilderRefuses(t *testing.T) {
	for _, c := range []struct {
		name     string
		build    func(*hl7.Builder)
		kind     hl7.ErrorKind
		location string
	}{
		{"a bad name", func(b *hl7.Builder) { b.Segment("pid") }, hl7.KindBadValue, ""},
		{"MSH-2", func(b *hl7.Builder) { b.Segment("MSH").Field(2, "^") }, hl7.KindDelimiters, "MSH-2"},
		{"field 0", func(b *hl7.Builder) { b.Segment("PID").Field(0, "1") }, hl7.KindBadPath, "PID"},
		{"field 10000", func(b *hl7.Builder) { b.Segment("PID").Text(10000, "1") }, hl7.KindBadPath, "PID"},
		{"a field separator", func(b *hl7.Builder) { b.Segment("PID").Field(3, "1|2") }, hl7.KindBadValue, "PID-3"},
		{"repetitions in a repetition", func(b *hl7.Builder) { b.Segment("PID").Field(3, "1~2", "3") }, hl7.KindBadValue, "PID-3"},
		{"a line break", func(b *hl7.Builder) { b.Segment("PID").Field(3, "1\n") }, hl7.KindBadValue, "PID-3"},
		{"an accent", func(b *hl7.Builder) { b.Segment("ROL"); b.Segment("ROL").Text(3, "é") }, hl7.KindUnencodable, "ROL[2]-3"},
		{"the first mistake", func(b *hl7.Builder) { b.Segment("PID").Field(3, "|").Field(0, "") }, hl7.KindBadValue, "PID-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := hl7.NewBuilder(hl7.StandardDelimiters())
			c.build(b)
			data, err := b.Bytes(hl7.ASCII)
			require.Nil(t, data)
			requireError(t, err, c.kind, c.location, -1)
			_, err = b.Message(hl7.ASCII)
			require.Error(t, err)
		})
	}
	b := hl7.NewBuilder(hl7.Delimiters{Field: '|', Component: '^'})
	b.Segment("PID").Field(3, "1", "2")
	_, err := b.Bytes(hl7.ASCII)
	requireError(t, err, hl7.KindDelimiters, "PID-3", -1)
}

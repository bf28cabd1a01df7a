package hl7_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestParseCharset(t *testing.T) {
	for in, want := range map[string]hl7.Charset{
		"": hl7.ASCII, "ASCII": hl7.ASCII, "ascii": hl7.ASCII, "US-ASCII": hl7.ASCII, "ISO IR6": hl7.ASCII,
		"8859/1": hl7.Latin1, "ISO-8859-1": hl7.Latin1, "iso8859-1": hl7.Latin1,
		"8859/15": hl7.Latin9, "ISO-8859-15": hl7.Latin9, " 8859/15 ": hl7.Latin9,
		"UNICODE UTF-8": hl7.UTF8, "UTF-8": hl7.UTF8, "utf8": hl7.UTF8, "UNICODE": hl7.UTF8,
	} {
		got, err := hl7.ParseCharset(in)
		require.NoError(t, err)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"UTF-16", "UNICODE UTF-16", "8859/2", "cp1252", "8859"} {
		_, err := hl7.ParseCharset(in)
		requireError(t, err, hl7.KindUnknownCharset, "", -1)
	}
	require.Equal(t, "ASCII", hl7.ASCII.String())
	require.Equal(t, "8859/15", hl7.Latin9.String())
}

func TestCharset(t *testing.T) {
	const french = "àâäçéèêëîïôöùûüÿ ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ æÆ « ° »"
	for _, c := range []struct {
		name    string
		charset hl7.Charset
		text    string
		bytes   string
	}{
		{"ASCII", hl7.ASCII, "LEFEVRE", "LEFEVRE"},
		{"Latin-1", hl7.Latin1, "Noël ¤", "No\xebl \xa4"},
		{"Latin-9", hl7.Latin9, "Cœur Œ Ÿ €", "C\xbdur \xbc \xbe \xa4"},
		{"UTF-8", hl7.UTF8, "Cœur 山", "C\xc5\x93ur \xe5\xb1\xb1"},
		{"empty", hl7.Latin9, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.charset.Encode(c.text)
			require.NoError(t, err)
			require.Equal(t, c.bytes, string(b))
			s, err := c.charset.Decode(b)
			require.NoError(t, err)
			require.Equal(t, c.text, s)
		})
	}
	for _, charset := range []hl7.Charset{hl7.Latin1, hl7.Latin9, hl7.UTF8} {
		b, err := charset.Encode(french)
		require.NoError(t, err)
		s, err := charset.Decode(b)
		require.NoError(t, err)
		require.Equal(t, french, s)
	}
}

func TestCharsetRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		charset hl7.Charset
		bytes   string
		offset  int
	}{
		{"accent in ASCII", hl7.ASCII, "Zo\xc3\xa9", 2},
		{"control code in Latin-1", hl7.Latin1, "\xe9\x9c", 1},
		{"control code in Latin-9", hl7.Latin9, "ab\x80", 2},
		{"Latin-1 in UTF-8", hl7.UTF8, "\xc3\xa9\xe9", 2},
		{"surrogate in UTF-8", hl7.UTF8, "\xed\xa0\x80", 0},
		{"overlong UTF-8", hl7.UTF8, "a\xc0\xaf", 1},
		{"end of UTF-8 missing", hl7.UTF8, "a\xe2\x82", 1},
		{"no such set", hl7.Charset("8859/2"), "a\xe9", 1},
	} {
		t.Run("decode "+c.name, func(t *testing.T) {
			s, err := c.charset.Decode([]byte(c.bytes))
			require.Empty(t, s)
			requireError(t, err, hl7.KindUndecodable, "", c.offset)
		})
	}
	for _, c := range []struct {
		name    string
		charset hl7.Charset
		text    string
		offset  int
	}{
		{"accent in ASCII", hl7.ASCII, "Zoé", 2},
		{"ligature in Latin-1", hl7.Latin1, "éœ", 2},
		{"currency sign in Latin-9", hl7.Latin9, "¤", 0},
		{"Chinese in Latin-9", hl7.Latin9, "a山", 1},
		{"control code in Latin-1", hl7.Latin1, "\u0085", 0},
		{"no character in UTF-8", hl7.UTF8, "a\xff", 1},
		{"no character in Latin-1", hl7.Latin1, "a\xe9", 1},
		{"no such set", hl7.Charset("8859/2"), "aé", 1},
	} {
		t.Run("encode "+c.name, func(t *testing.T) {
			b, err := c.charset.Encode(c.text)
			require.Nil(t, b)
			requireError(t, err, hl7.KindUnencodable, "", c.offset)
		})
	}
	b, err := hl7.UTF8.Encode("\uFFFD")
	require.NoError(t, err, "the replacement character itself is a character")
	require.Equal(t, "\xef\xbf\xbd", string(b))
}

func TestMessageCharset(t *testing.T) {
	for in, want := range map[string]hl7.Charset{
		"": hl7.ASCII, "8859/1": hl7.Latin1, "8859/15~ISO IR87": hl7.Latin9, "UNICODE UTF-8": hl7.UTF8, "UTF-8": hl7.UTF8,
	} {
		got, err := parse(t, "MSH|^~\\&|A|||||||1|P|2.5||||||"+in+"\r").Charset()
		require.NoError(t, err)
		require.Equal(t, want, got, in)
	}
	// A byte order mark is an oddity, not text.
	require.NoError(t, parse(t, "\xef\xbb\xbfMSH|^~\\&|A\r").CheckText())
}

package pam

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// strict writes a name as RNIV 1 wants the strict identity traits: upper case,
// no diacritics, hyphen and apostrophe kept (RNIV 1).
func strict(name string) string { return strings.ToUpper(plain(name)) }

// plain takes the diacritics off and keeps everything else: what a person
// without an accent key would have typed.
func plain(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	table := foldedLatin()
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if int(r) >= len(table) {
			return decomposed(s)
		}
		b.WriteString(table[r])
	}
	return b.String()
}

// foldedLatin is what becomes of the letters of French and its neighbours, which
// is all that most names have.
var foldedLatin = sync.OnceValue(func() *[0x180]string {
	table := new([0x180]string)
	for r := range table {
		table[r] = decomposed(string(rune(r)))
	}
	return table
})

// decomposed is plain by what Unicode knows of letters.
func decomposed(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case ligatures[r] != "":
			b.WriteString(ligatures[r])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ligatures holds the letters that have no decomposition in Unicode and a usual
// one in French writing.
var ligatures = map[rune]string{
	'œ': "oe", 'Œ': "OE", 'æ': "ae", 'Æ': "AE", 'ß': "ss", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D",
	'’': "'", '‐': "-", '‑': "-",
}

// isStrict reports whether a name can stand as a strict trait: capitals A to Z,
// hyphen, apostrophe and space.
func isStrict(name string) bool {
	for _, r := range name {
		if (r < 'A' || r > 'Z') && r != '-' && r != '\'' && r != ' ' {
			return false
		}
	}
	return name != ""
}

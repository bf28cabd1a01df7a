package draft

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold writes a text as it is compared: capitals, without diacritics, ligatures
// taken apart. Nothing else is changed.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case ligatures[r] != "":
			b.WriteString(ligatures[r])
		default:
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ligatures are letters that Unicode does not take apart.
var ligatures = map[rune]string{
	'œ': "OE", 'Œ': "OE", 'æ': "AE", 'Æ': "AE", 'ß': "SS", 'ẞ': "SS", 'ø': "O", 'Ø': "O", 'ł': "L", 'Ł': "L", 'đ': "D", 'Đ': "D", 'ð': "D", 'Ð': "D",
	'þ': "TH", 'Þ': "TH", 'ı': "I",
}

// words are the runs of letters of a folded text.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
}

// letters are the letters of a text, folded, without what stands between them.
func letters(s string) string { return strings.Join(words(fold(s)), "") }

// digits are the digits of a text.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// alphanumeric are the letters and digits of a text, folded: how a number is
// compared that somebody wrote with spaces or hyphens.
func alphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, fold(s))
}

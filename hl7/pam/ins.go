package pam

// Authorities of national identifiers, by their OID (App. N FR, N.1). Only the
// test and demonstration ones may leave this program.
const (
	insNIROID      = "1.2.250.1.213.1.4.8"
	insNIAOID      = "1.2.250.1.213.1.4.9"
	insNIRTestOID  = "1.2.250.1.213.1.4.10"
	insNIRDemoOID  = "1.2.250.1.213.1.4.11"
	insCOID        = "1.2.250.1.213.1.4.2"
	insCTestOID    = "1.2.250.1.213.1.4.6"
	insCDemoOID    = "1.2.250.1.213.1.4.7"
	insNIRAuthName = "ASIP-SANTE-INS-NIR"
)

// insNumberLen and insLen are the characters of a NIR or NIA without and with
// its key.
const (
	insNumberLen = 13
	insLen       = 15
)

// INSKey returns the two digits of the key of a 13-character NIR or NIA: 97
// minus the remainder of the number by 97, where the Corsican departments 2A
// and 2B count as 19 and 18. A number that is not 13 characters, all digits but
// the A or B of Corsica, is a *SpecError.
func INSKey(number string) (string, error) {
	key, ok := insKey(number)
	if !ok {
		return "", badINS(number)
	}
	return string(key[:]), nil
}

// insKey is INSKey without words: every message with an INS asks for it.
func insKey(number string) (key [2]byte, ok bool) {
	if len(number) != insNumberLen {
		return key, false
	}
	n := uint64(0)
	for i := range len(number) {
		c := number[i]
		switch {
		case i == 6 && number[5] == '2' && c == 'A':
			n, c = n-1, '9'
		case i == 6 && number[5] == '2' && c == 'B':
			n, c = n-1, '8'
		case c < '0' || c > '9':
			return key, false
		}
		n = 10*n + uint64(c-'0')
	}
	rest := byte(97 - n%97)
	return [2]byte{'0' + rest/10, '0' + rest%10}, true
}

// ValidINS reports whether s is 15 characters of which the last two are the key
// of the first thirteen. It says nothing about the person.
func ValidINS(s string) bool {
	if len(s) != insLen {
		return false
	}
	key, ok := insKey(s[:insNumberLen])
	return ok && string(key[:]) == s[insNumberLen:]
}

func badINS(number string) *SpecError {
	return badValue("ins", number,
		"13 caractères sont attendus, des chiffres sauf 2A ou 2B en position 6",
		"13 characters are expected, digits but for 2A or 2B in position 6")
}

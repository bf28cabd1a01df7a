package pam

import (
	"fmt"
	"strconv"
)

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
	if len(number) != insNumberLen {
		return "", badINS(number)
	}
	digits := []byte(number)
	if digits[5] == '2' {
		switch digits[6] {
		case 'A':
			digits[5], digits[6] = '1', '9'
		case 'B':
			digits[5], digits[6] = '1', '8'
		}
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return "", badINS(number)
	}
	return fmt.Sprintf("%02d", 97-n%97), nil
}

// ValidINS reports whether s is 15 characters of which the last two are the key
// of the first thirteen. It says nothing about the person.
func ValidINS(s string) bool {
	if len(s) != insLen {
		return false
	}
	key, err := INSKey(s[:insNumberLen])
	return err == nil && key == s[insNumberLen:]
}

func badINS(number string) *SpecError {
	return badValue("ins", number,
		"13 caractères sont attendus, des chiffres sauf 2A ou 2B en position 6",
		"13 characters are expected, digits but for 2A or 2B in position 6")
}

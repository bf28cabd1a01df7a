package draft

import "sync"

// A treatment says what becomes of a field.
type treatment uint8

const (
	drop      treatment = iota
	code                // a code: kept if it looks like one
	codes               // a composite of codes: each component kept if it looks like a code
	auto                // a code or a date, which the value says
	date                // shifted
	count               // a small number
	number              // a CX: replaced, with its authority
	entity              // an EI: replaced, with its authority
	person              // an XPN
	doctor              // an XCN
	address             // an XAD
	phone               // an XTN
	place               // a PL
	unit                // an XON that names a unit
	birthtown           // PID-23
	authority           // an HD
)

// table is what is kept of a message. What is not in it is left out.
var table = sync.OnceValue(func() map[string]map[int]treatment {
	return map[string]map[int]treatment{
		"EVN": {2: date, 3: date, 4: code, 6: date, 7: authority},
		"PID": {
			1: count, 2: number, 3: number, 4: number, 5: person, 6: person, 7: date, 8: code, 9: person, 11: address, 13: phone, 14: phone,
			16: code, 18: number, 21: number, 23: birthtown, 24: code, 25: count, 29: date, 30: code, 31: code, 32: code, 33: date,
		},
		"PD1": {4: doctor, 5: code, 12: code},
		"ROL": {1: entity, 2: code, 3: codes, 4: doctor, 5: date, 6: date},
		"NK1": {1: count, 2: person, 3: codes, 4: address, 5: phone, 6: phone, 7: codes, 8: date, 9: date, 15: code, 16: date, 30: person, 31: phone, 32: address, 33: number},
		"PV1": {
			1: count, 2: code, 3: place, 4: code, 5: number, 6: place, 7: doctor, 8: doctor, 9: doctor, 10: code, 11: place, 13: code, 14: code, 15: code,
			17: doctor, 18: code, 19: number, 20: codes, 21: code, 22: code, 36: code, 38: code, 41: code, 42: place, 43: place, 44: date, 45: date,
			50: number, 51: code, 52: doctor,
		},
		"PV2": {1: place, 7: code, 8: date, 9: date, 10: count, 11: count, 22: code, 27: code, 33: date, 38: code, 47: date},
		"MRG": {1: number, 2: number, 3: number, 4: number, 5: number, 6: number, 7: person},
		"ZBE": {1: entity, 2: date, 3: date, 4: code, 5: code, 6: code, 7: unit, 8: unit, 9: code},
		"ZFA": {1: code, 2: date, 3: date, 9: code, 10: date, 11: code, 12: date},
		"ZFP": {1: code, 2: code},
		"ZFV": {2: codes, 4: auto, 5: auto, 9: code, 10: code, 11: codes},
		"ZFM": {1: code, 2: code, 3: code, 4: code, 5: code},
		"ZFD": {2: count, 3: code, 4: code, 5: code, 6: date, 7: code, 8: date},
	}
})

// isCode reports whether a value is short and made as codes are: a word, a name
// or a number of some length is none.
func isCode(s string) bool {
	if len(s) == 0 || len(s) > 10 {
		return false
	}
	figures := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
		case c >= '0' && c <= '9':
			figures++
		case i > 0 && (c == '-' || c == '_' || c == '.'):
		default:
			return false
		}
	}
	return figures < 5
}

// isCount reports whether a value is a small number.
func isCount(s string) bool { return len(s) > 0 && len(s) <= 4 && digits(s) == s }

// null is the HL7 null: delete what you have. It says nothing about anybody.
const null = `""`

package schema

// verdict is what reading a primitive value comes to.
type verdict uint8

const (
	fine verdict = iota
	malformed
	impossible // a date or time that does not exist
	hourAlone
	blankFirst
)

// kinds of the verdicts that are findings.
var verdictKinds = [...]Kind{malformed: BadFormat, impossible: NoSuchTime, hourAlone: HourAlone, blankFirst: LeadingBlank}

// judge reads a value that is neither empty nor the HL7 null.
func (f Format) judge(b []byte) verdict {
	switch f {
	case FormatString:
		if b[0] == ' ' {
			return blankFirst
		}
	case FormatSequence:
		if len(b) > 4 || countDigits(b) != len(b) {
			return malformed
		}
	case FormatNumber:
		return judgeNumber(b)
	case FormatDate:
		if countDigits(b) != len(b) || len(b) > 8 {
			return malformed
		}
		return judgeDate(b)
	case FormatTime:
		return judgeClock(b)
	case FormatDateTime:
		return judgeDateTime(b)
	case FormatPairedTime:
		v := judgeDateTime(b)
		if v == fine && countDigits(b) == 10 {
			return hourAlone
		}
		return v
	}
	return fine
}

// judgeNumber reads [+-]digits[.digits], with digits on one side of the point
// at least (HL7 v2.5 §2.A.47).
func judgeNumber(b []byte) verdict {
	if b[0] == '+' || b[0] == '-' {
		b = b[1:]
	}
	whole := countDigits(b)
	fraction := 0
	if rest := b[whole:]; len(rest) > 0 {
		if rest[0] != '.' {
			return malformed
		}
		if fraction = countDigits(rest[1:]); fraction+1 != len(rest) {
			return malformed
		}
	}
	if whole+fraction == 0 {
		return malformed
	}
	return fine
}

// judgeDateTime reads YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
func judgeDateTime(b []byte) verdict {
	main, zone := cutZone(b)
	n := countDigits(main)
	switch {
	case n <= 8 && n == len(main):
		return worse(judgeDate(main), zone)
	case n < 10:
		return malformed
	}
	return worse(judgeDate(main[:8]), worse(judgeTimeOfDay(main[8:]), zone))
}

// judgeClock reads HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ].
func judgeClock(b []byte) verdict {
	main, zone := cutZone(b)
	return worse(judgeTimeOfDay(main), zone)
}

// worse prefers to say that a value is malformed.
func worse(a, b verdict) verdict {
	if a == malformed || b == fine {
		return a
	}
	return b
}

// cutZone cuts the offset from UTC off. The largest in use is 14 hours.
func cutZone(b []byte) (main []byte, v verdict) {
	n := len(b) - 5
	if n < 0 || b[n] != '+' && b[n] != '-' {
		return b, fine
	}
	zone := b[n+1:]
	switch {
	case countDigits(zone) != 4:
		v = malformed
	case number(zone[:2]) > 14 || number(zone[2:]) > 59:
		v = impossible
	}
	return b[:n], v
}

// judgeDate reads YYYY[MM[DD]], all digits.
func judgeDate(b []byte) verdict {
	if len(b) != 4 && len(b) != 6 && len(b) != 8 {
		return malformed
	}
	if number(b[:4]) == 0 {
		return impossible
	}
	if len(b) == 4 {
		return fine
	}
	month := number(b[4:6])
	if month < 1 || month > 12 {
		return impossible
	}
	if len(b) == 8 {
		if day := number(b[6:]); day < 1 || day > daysIn(number(b[:4]), month) {
			return impossible
		}
	}
	return fine
}

// judgeTimeOfDay reads HH[MM[SS[.S[S[S[S]]]]]].
func judgeTimeOfDay(b []byte) verdict {
	n := countDigits(b)
	if n != 2 && n != 4 && n != 6 {
		return malformed
	}
	if fraction := b[n:]; len(fraction) > 0 {
		if n != 6 || fraction[0] != '.' || len(fraction) < 2 || len(fraction) > 5 || countDigits(fraction[1:]) != len(fraction)-1 {
			return malformed
		}
	}
	if number(b[:2]) > 23 || n >= 4 && number(b[2:4]) > 59 || n == 6 && number(b[4:6]) > 59 {
		return impossible
	}
	return fine
}

func countDigits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

// number reads a few digits that are known to be digits.
func number(digits []byte) int {
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

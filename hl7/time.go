package hl7

import (
	"strconv"
	"time"
)

// Precision says how much of a date and time was given. HL7 cuts from the
// right: 1980 is a year, 198001 a month.
type Precision uint8

const (
	PrecisionYear Precision = iota
	PrecisionMonth
	PrecisionDay
	PrecisionHour
	PrecisionMinute
	PrecisionSecond
	PrecisionTenth
	PrecisionHundredth
	PrecisionMillisecond
	PrecisionTenThousandth
)

// String returns the English name of the precision.
func (p Precision) String() string {
	names := [...]string{"year", "month", "day", "hour", "minute", "second", "tenth", "hundredth", "millisecond", "ten-thousandth"}
	if int(p) >= len(names) {
		return "Precision(" + strconv.Itoa(int(p)) + ")"
	}
	return names[p]
}

// layouts are the forms of each precision, for package time.
func (p Precision) layout() string {
	const full = "20060102150405.0000"
	lengths := [...]int{4, 6, 8, 10, 12, 14, 16, 17, 18, 19}
	return full[:lengths[min(p, PrecisionTenThousandth)]]
}

// A Time is a date, or a date and time, with the precision that it was given in
// (HL7 v2.5 §2.A.21 DT, §2.A.22 DTM, §2.A.77 TS). What was not given is the
// first: January, the first, midnight.
type Time struct {
	time.Time
	Precision Precision
	HasZone   bool // an offset from UTC was given; without one HL7 means the sender's local time
}

// String returns the time as HL7 writes it, in its own precision, with the
// offset if it was given with one.
func (t Time) String() string {
	if t.HasZone {
		return FormatTimeZone(t.Time, t.Precision)
	}
	return FormatTime(t.Time, t.Precision)
}

// FormatTime writes t, in its own location, in the precision p and without
// offset from UTC. Finer parts are cut off, not rounded.
func FormatTime(t time.Time, p Precision) string {
	if year := t.Year(); p == PrecisionSecond && year >= 0 && year <= 9999 {
		return string(appendSecond(make([]byte, 0, 14), t, year))
	}
	return t.Format(p.layout())
}

// appendSecond writes YYYYMMDDHHMMSS, as messages do a dozen times.
func appendSecond(b []byte, t time.Time, year int) []byte {
	_, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, n := range [...]int{year / 100, year % 100, int(month), day, hour, minute, second} {
		b = append(b, byte('0'+n/10), byte('0'+n%10))
	}
	return b
}

// FormatTimeZone is [FormatTime] with the offset from UTC, +0100.
func FormatTimeZone(t time.Time, p Precision) string { return t.Format(p.layout() + "-0700") }

const (
	timeFormEN = "dates are written YYYYMMDD, times YYYYMMDDHHMMSS, both may stop earlier and be followed by an offset like +0100"
	timeFormFR = "une date s'écrit AAAAMMJJ, une date avec heure AAAAMMJJHHMMSS ; les deux peuvent s'arrêter plus tôt et être suivies d'un décalage comme +0100"
)

var (
	sayTimeForm   = phrase{en: "%s is no HL7 date or time", fr: "%s n'est pas une date ou une heure HL7", hintEN: timeFormEN, hintFR: timeFormFR}
	sayNoDate     = phrase{en: "the date %s does not exist", fr: "la date %s n'existe pas", hintEN: timeFormEN, hintFR: timeFormFR}
	sayNoTime     = phrase{en: "%s is no time of the day", fr: "%s n'est pas une heure du jour", hintEN: timeFormEN, hintFR: timeFormFR}
	sayNoTimeZone = phrase{en: "%s is no offset from UTC", fr: "%s n'est pas un décalage par rapport à UTC", hintEN: timeFormEN, hintFR: timeFormFR}
)

// ParseTime reads a DT, DTM or TS.1: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
// A time without offset is taken to be in loc, or in UTC when loc is nil.
//
// Dates that no calendar has, and times that no clock shows, are errors: an
// [*Error] of [KindTime] with the offset in s.
func ParseTime(s string, loc *time.Location) (Time, error) {
	main, zone, zoned, err := cutZone(s, loc)
	if err != nil {
		return Time{}, err
	}
	digits := leadingDigits(main)
	date := main[:min(digits, 8)]
	if len(date) < 4 || len(date)%2 != 0 || len(date) < 8 && len(date) < len(main) {
		return Time{}, fail(KindTime, digits, sayTimeForm, quote(s))
	}
	year, month, day := number(date[:4]), 1, 1
	t := Time{HasZone: zoned}
	if len(date) >= 6 {
		month, t.Precision = number(date[4:6]), PrecisionMonth
	}
	if len(date) == 8 {
		day, t.Precision = number(date[6:]), PrecisionDay
	}
	if year == 0 || month == 0 || month > 12 || day == 0 || day > daysIn(year, month) {
		return Time{}, fail(KindTime, 0, sayNoDate, quote(date))
	}
	clock, precision, err := parseClock(s, main[len(date):], len(date), PrecisionHour)
	if err != nil {
		return Time{}, err
	}
	t.Precision = max(t.Precision, precision)
	t.Time = time.Date(year, time.Month(month), day, clock.hour, clock.minute, clock.second, clock.nano, zone)
	return t, nil
}

// ParseTimeOfDay reads a TM: HHMM[SS[.S[S[S[S]]]]][+/-ZZZZ] (HL7 v2.5 §2.A.75).
// The date of the result is 1 January of the year 0, as package time has it for
// times without date.
func ParseTimeOfDay(s string, loc *time.Location) (Time, error) {
	main, zone, zoned, err := cutZone(s, loc)
	if err != nil {
		return Time{}, err
	}
	clock, precision, err := parseClock(s, main, 0, PrecisionMinute)
	if err != nil {
		return Time{}, err
	}
	if precision == 0 {
		return Time{}, fail(KindTime, 0, sayTimeForm, quote(s))
	}
	t := time.Date(0, 1, 1, clock.hour, clock.minute, clock.second, clock.nano, zone)
	return Time{Time: t, Precision: precision, HasZone: zoned}, nil
}

// cutZone cuts the offset from UTC off s and returns the location to use.
func cutZone(s string, loc *time.Location) (main string, zone *time.Location, zoned bool, err error) {
	if loc == nil {
		loc = time.UTC
	}
	n := len(s) - 5
	if n < 0 || s[n] != '+' && s[n] != '-' {
		return s, loc, false, nil
	}
	offset := s[n:]
	hours, minutes := 0, 0
	if leadingDigits(offset[1:]) == 4 {
		hours, minutes = number(offset[1:3]), number(offset[3:])
	} else {
		hours = 99
	}
	if hours > 14 || minutes > 59 {
		return s, loc, false, fail(KindTime, n, sayNoTimeZone, quote(offset))
	}
	seconds := (hours*60 + minutes) * 60
	if offset[0] == '-' {
		seconds = -seconds
	}
	if seconds == 0 {
		return s[:n], time.UTC, true, nil
	}
	return s[:n], time.FixedZone("", seconds), true, nil
}

type clock struct{ hour, minute, second, nano int }

// parseClock reads HH[MM[SS[.S...]]] in full, at least as much as least says.
// The precision is 0 for an empty text. at is where the clock is in s.
func parseClock(s, text string, at int, least Precision) (c clock, p Precision, err error) {
	digits := leadingDigits(text)
	fraction := text[digits:]
	p = PrecisionDay + Precision(digits/2)
	switch {
	case text == "":
		return c, 0, nil
	case digits%2 != 0 || digits > 6 || p < least, fraction != "" && digits != 6:
		return c, 0, fail(KindTime, at+min(digits, 6), sayTimeForm, quote(s))
	}
	c.hour = number(text[:2])
	if digits >= 4 {
		c.minute = number(text[2:4])
	}
	if digits == 6 {
		c.second = number(text[4:6])
	}
	if c.hour > 23 || c.minute > 59 || c.second > 59 {
		return c, 0, fail(KindTime, at, sayNoTime, quote(text[:digits]))
	}
	if fraction == "" {
		return c, p, nil
	}
	n := leadingDigits(fraction[1:])
	if fraction[0] != '.' || n == 0 || n > 4 || n+1 != len(fraction) {
		return c, 0, fail(KindTime, at+digits, sayTimeForm, quote(s))
	}
	c.nano = number((fraction[1:] + "000")[:4]) * 100_000
	return c, PrecisionSecond + Precision(n), nil
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// number reads a few digits that are known to be digits.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func quote(s string) string { return excerpt([]byte(s)) }

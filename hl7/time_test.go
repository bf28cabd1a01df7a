package hl7_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

func TestParseTime(t *testing.T) {
	paris := time.FixedZone("Paris", 3600)
	at := func(loc *time.Location, y, mo, d, h, mi, s, ns int) time.Time {
		return time.Date(y, time.Month(mo), d, h, mi, s, ns, loc)
	}
	for _, c := range []struct {
		in        string
		want      time.Time
		precision hl7.Precision
		zone      bool
	}{
		{"1980", at(paris, 1980, 1, 1, 0, 0, 0, 0), hl7.PrecisionYear, false},
		{"198012", at(paris, 1980, 12, 1, 0, 0, 0, 0), hl7.PrecisionMonth, false},
		{"19800229", at(paris, 1980, 2, 29, 0, 0, 0, 0), hl7.PrecisionDay, false},
		{"2026010510", at(paris, 2026, 1, 5, 10, 0, 0, 0), hl7.PrecisionHour, false},
		{"202601051015", at(paris, 2026, 1, 5, 10, 15, 0, 0), hl7.PrecisionMinute, false},
		{"20260105101502", at(paris, 2026, 1, 5, 10, 15, 2, 0), hl7.PrecisionSecond, false},
		{"20260105101502.5", at(paris, 2026, 1, 5, 10, 15, 2, 500_000_000), hl7.PrecisionTenth, false},
		{"20260105101502.05", at(paris, 2026, 1, 5, 10, 15, 2, 50_000_000), hl7.PrecisionHundredth, false},
		{"20260105101502.123", at(paris, 2026, 1, 5, 10, 15, 2, 123_000_000), hl7.PrecisionMillisecond, false},
		{"20260105101502.1234", at(paris, 2026, 1, 5, 10, 15, 2, 123_400_000), hl7.PrecisionTenThousandth, false},
		{"20260105101502+0000", at(time.UTC, 2026, 1, 5, 10, 15, 2, 0), hl7.PrecisionSecond, true},
		{"20260105101502.814-0530", at(time.UTC, 2026, 1, 5, 15, 45, 2, 814_000_000), hl7.PrecisionMillisecond, true},
		{"1980+0100", at(time.UTC, 1979, 12, 31, 23, 0, 0, 0), hl7.PrecisionYear, true},
		{"20260105+1400", at(time.UTC, 2026, 1, 4, 10, 0, 0, 0), hl7.PrecisionDay, true},
		{"20001231235959", at(paris, 2000, 12, 31, 23, 59, 59, 0), hl7.PrecisionSecond, false},
	} {
		t.Run(c.in, func(t *testing.T) {
			got, err := hl7.ParseTime(c.in, paris)
			require.NoError(t, err)
			require.True(t, c.want.Equal(got.Time), "%v", got.Time)
			require.Equal(t, c.precision, got.Precision)
			require.Equal(t, c.zone, got.HasZone)
			require.Equal(t, c.in, got.String(), "written as it was read")
		})
	}
	got, err := hl7.ParseTime("20260105", nil)
	require.NoError(t, err)
	require.Equal(t, time.UTC, got.Location(), "no location is UTC")
}

func TestParseTimeRefuses(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int
		en     string
	}{
		{"", 0, `byte 0: "" is no HL7 date or time`},
		{"198", 3, ""},
		{"19801", 5, `byte 5: "19801" is no HL7 date or time`},
		{"1980123", 7, ""},
		{"202601051", 9, ""},
		{"20260105101", 11, ""},
		{"2026010510150", 13, ""},
		{"202601051015021", 14, ""},
		{"20260105101502.", 14, ""},
		{"20260105101502.12345", 14, ""},
		{"20260105101502,5", 14, ""},
		{"202601051015.5", 12, ""},
		{"1980.5", 4, ""},
		{"0000", 0, ""},
		{"19801301", 0, `byte 0: the date "19801301" does not exist`},
		{"19800001", 0, ""},
		{"19800100", 0, ""},
		{"20260229", 0, `byte 0: the date "20260229" does not exist`},
		{"20260431", 0, ""},
		{"20260105240000", 8, `byte 8: "240000" is no time of the day`},
		{"20260105106000", 8, ""},
		{"20260105101060", 8, ""},
		{"20260105101502+1500", 14, `byte 14: "+1500" is no offset from UTC`},
		{"20260105101502+0160", 14, ""},
		{"20260105101502+01:00", 14, ""},
		{"20260105101502Z", 14, ""},
		{"+0100", 0, ""},
		{"2026-01-05T10:15:02", 4, ""},
		{"01/15/2025 14:30:00", 2, ""},
		{" 20260105", 0, ""},
		{"20260105 ", 8, ""},
		{"２０２６", 0, ""},
	} {
		t.Run(c.in, func(t *testing.T) {
			_, err := hl7.ParseTime(c.in, nil)
			e := requireError(t, err, hl7.KindTime, "", c.offset)
			require.NotEmpty(t, e.Hint("fr"))
			if c.en != "" {
				require.Equal(t, c.en, e.Error())
			}
		})
	}
}

func TestParseTimeOfDay(t *testing.T) {
	got, err := hl7.ParseTimeOfDay("1015+0100", nil)
	require.NoError(t, err)
	require.Equal(t, "10:15:00 +0100", got.Format("15:04:05 -0700"))
	require.Equal(t, hl7.PrecisionMinute, got.Precision)
	require.True(t, got.HasZone)
	got, err = hl7.ParseTimeOfDay("101502.25", nil)
	require.NoError(t, err)
	require.Equal(t, "10:15:02.25", got.Format("15:04:05.99"))
	require.Equal(t, hl7.PrecisionHundredth, got.Precision)
	for in, offset := range map[string]int{"": 0, "10": 2, "2400": 0, "101": 3, "1015020": 6, "10:15": 2, "1015+9900": 4} {
		_, err := hl7.ParseTimeOfDay(in, nil)
		requireError(t, err, hl7.KindTime, "", offset)
	}
}

func TestFormatTime(t *testing.T) {
	at := time.Date(2026, 1, 5, 10, 15, 2, 123_456_789, time.FixedZone("", -5*3600-1800))
	for p, want := range map[hl7.Precision]string{
		hl7.PrecisionYear: "2026", hl7.PrecisionMonth: "202601", hl7.PrecisionDay: "20260105",
		hl7.PrecisionHour: "2026010510", hl7.PrecisionMinute: "202601051015", hl7.PrecisionSecond: "20260105101502",
		hl7.PrecisionTenth: "20260105101502.1", hl7.PrecisionHundredth: "20260105101502.12",
		hl7.PrecisionMillisecond: "20260105101502.123", hl7.PrecisionTenThousandth: "20260105101502.1234",
	} {
		require.Equal(t, want, hl7.FormatTime(at, p), p)
		require.Equal(t, want+"-0530", hl7.FormatTimeZone(at, p), p)
	}
	require.Equal(t, "millisecond", hl7.PrecisionMillisecond.String())
	require.Equal(t, "Precision(99)", hl7.Precision(99).String())
}

// TestFormatSecond: the short way writes what the long one does.
func TestFormatSecond(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Date(2026, 12, 31, 23, 59, 59, 999, time.FixedZone("", -3600)), time.Date(9999, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(12345, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(-5, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(7, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		require.Equal(t, at.Format("20060102150405"), hl7.FormatTime(at, hl7.PrecisionSecond))
	}
}

package pam_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
)

// turn is a step of a scenario that PAM.fr prints: the change, and the fields
// that it must lead to.
type turn struct {
	trigger  pam.Trigger
	movement string // ZBE-1, named; a name that comes again is the same number
	change   pam.Change
	fields   string // "PV1-2=I ZBE-9=MH"; ZBE-2 and EVN-6 as hours since the first day
}

// at is a moment of a scenario: hours and minutes since the first noon.
func at(hours, minutes int) time.Duration {
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}

// responsible changes the housing and the medical unit, as the scenarios of PAM.fr
// 7.1 do, which say nothing of care.
func responsible(code string, c pam.Change) pam.Change {
	c.Housing, c.Medical = unit(code), unit(code)
	return c
}

// TestNationalScenarios plays the scenarios of PAM.fr 5.3, 5.4 and 7.1 that are
// about movements. What they print of PV1 and ZBE is what we build; their
// misprints (HM, HMC) are left where they are.
func TestNationalScenarios(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		class string
		turns []turn
	}{
		{"SC-01 tour of the events (7.1.1)", "E", []turn{
			{"A28", "", pam.Change{}, "PV1-2=N ZBE-1="},
			{"A04", "emergency", pam.Change{}, "PV1-2=E ZBE-4=INSERT ZBE-6="},
			{"A06", "cardiology", responsible("CARDIO", pam.Change{}), "PV1-2=I ZBE-4=INSERT ZBE-5=N ZBE-6="},
			{"A09", "", pam.Change{}, "ZBE-1= PV1-11.1=7010 PV1-3.1=CARDIO PV1-6.1=CARDIO"},
			{"A10", "", pam.Change{}, "ZBE-1= PV1-11.1=7010 PV1-43="},
			{"A09", "", pam.Change{}, "PV1-11= PV1-43.1=7010 PV1-3.1=CARDIO"},
			{"A10", "", pam.Change{}, "PV1-11= PV1-43.1=7010 PV1-3.1=CARDIO"},
			{"A02", "intensive", responsible("REA", pam.Change{}), "ZBE-9=MH PV1-6.1=CARDIO"},
			{"A02", "back", responsible("CARDIO", pam.Change{}), "ZBE-9=MH PV1-6.1=REA"},
			{"A31", "", pam.Change{Patient: &pam.PatientSpec{Identity: pam.Qualified}}, "PID-32=VALI ZBE-1="},
			{"A02", "housed elsewhere", pam.Change{Housing: unit("PNEUMO")}, "ZBE-9=H PV1-3.1=PNEUMO ZBE-7.10=CARDIO"},
			{"A02", "treated elsewhere", pam.Change{Medical: unit("PNEUMO")}, "ZBE-9=M PV1-3.1=PNEUMO ZBE-7.10=PNEUMO"},
			{"A02", "single room", pam.Change{Tariff: "CP"}, "ZBE-9=D PV1-20=CP PV1-3.1=PNEUMO"},
			{"A21", "leave", pam.Change{}, "ZBE-4=INSERT ZBE-6="},
			{"A22", "return", pam.Change{}, "ZBE-4=INSERT ZBE-6="},
			{"A03", "discharge", pam.Change{}, "ZBE-4=INSERT PV1-41=D"},
		}},
		{"SC-03 orientation, room known (7.1.3)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(5, 0)}, "PV1-2=E ZBE-2=5:00 ZBE-4=INSERT PV1-44=5:00"},
			{"A06", "M2", responsible("NEPHRO", pam.Change{At: at(10, 0), Room: "101F"}), "PV1-2=I ZBE-2=10:00 ZBE-4=INSERT ZBE-9=MH ZBE-7.10=NEPHRO PV1-3.1=NEPHRO PV1-3.2=101F PV1-44=5:00"},
			{"A02", "M3", pam.Change{At: at(33, 0), Room: "110X"}, "PV1-2=I ZBE-2=33:00 ZBE-4=INSERT ZBE-9=L ZBE-7.10=NEPHRO PV1-3.1=NEPHRO PV1-3.2=110X"},
		}},
		{"SC-04 orientation, room on the same movement (7.1.3)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(6, 0)}, "PV1-2=E ZBE-2=6:00 ZBE-4=INSERT"},
			{"A06", "M2", responsible("NEPHRO", pam.Change{At: at(11, 0), NoBed: true}), "PV1-2=I ZBE-2=11:00 ZBE-9=MH PV1-3.1=NEPHRO PV1-3.2="},
			{"Z99", "M2", pam.Change{Room: "102P"}, "PV1-2=I ZBE-2=11:00 ZBE-4=UPDATE ZBE-5=N ZBE-6=A06 ZBE-9=L PV1-3.1=NEPHRO PV1-3.2=102P"},
			{"A02", "M3", pam.Change{At: at(33, 0), Room: "112X"}, "PV1-2=I ZBE-2=33:00 ZBE-4=INSERT ZBE-9=L PV1-3.2=112X"},
		}},
		{"SC-05 orientation, bed as a new movement (7.1.3)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(7, 0)}, "PV1-2=E ZBE-4=INSERT"},
			{"A06", "M2", responsible("NEPHRO", pam.Change{At: at(14, 0), NoBed: true}), "PV1-2=I ZBE-2=14:00 ZBE-9=MH PV1-3.2="},
			{"A02", "M3", pam.Change{At: at(15, 30), Room: "103P"}, "ZBE-2=15:30 ZBE-4=INSERT ZBE-9=L PV1-3.1=NEPHRO PV1-3.2=103P"},
			{"A02", "M4", pam.Change{At: at(33, 0), Room: "113X"}, "ZBE-2=33:00 ZBE-4=INSERT ZBE-9=L PV1-3.2=113X"},
		}},
		{"SC-06 orientation to outpatient, two corrections (7.1.3)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(6, 0)}, "PV1-2=E ZBE-2=6:00 PV1-3.1=1000"},
			{"A07", "M2", responsible("UF1", pam.Change{At: at(11, 0)}), "PV1-2=O ZBE-2=11:00 ZBE-4=INSERT ZBE-9=MH PV1-3.1=UF1 PV2-7=TO"},
			{"Z99", "M1", pam.Change{Of: "0", Start: span(at(7, 0))}, "PV1-2=E ZBE-2=7:00 EVN-6=7:00 ZBE-4=UPDATE ZBE-5=Y ZBE-6=A04 PV1-3.1=1000 PV1-44=7:00 PV2-7=TU"},
			{"Z99", "M2", pam.Change{Housing: unit("UF2")}, "PV1-2=O ZBE-2=11:00 ZBE-4=UPDATE ZBE-5=N ZBE-6=A07 ZBE-9=H PV1-3.1=UF2 ZBE-7.10=UF1 PV2-7=TO"},
		}},
		{"SC-07 status corrected, data-entry error (7.1.4)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(5, 0)}, "PV1-2=E ZBE-4=INSERT"},
			{"Z99", "M1", responsible("UF2", pam.Change{Class: "I"}), "PV1-2=I ZBE-2=5:00 ZBE-4=UPDATE ZBE-6=A04 ZBE-9=C PV1-3.1=UF2 ZBE-7.10=UF2"},
		}},
		{"SC-08 status corrected, intensive care (7.1.4)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(5, 0)}, "PV1-2=E PV1-3.1=1000"},
			{"Z99", "M1", pam.Change{Class: "I", Unit: unit("UF1")}, "PV1-2=I ZBE-4=UPDATE ZBE-6=A04 ZBE-9=C PV1-3.1=UF1"},
		}},
		{"SC-09 status corrected, then transfer and room (7.1.4)", "O", []turn{
			{"A04", "M1", pam.Change{At: at(5, 0)}, "PV1-2=O ZBE-4=INSERT"},
			{"Z99", "M1", responsible("UF2", pam.Change{Class: "I"}), "PV1-2=I ZBE-4=UPDATE ZBE-6=A04 ZBE-9=C"},
			{"A02", "M2", responsible("UF3", pam.Change{At: at(106, 0), NoBed: true}), "PV1-2=I ZBE-2=106:00 ZBE-4=INSERT ZBE-9=MH PV1-3.1=UF3"},
			{"Z99", "M2", pam.Change{Room: "112F"}, "PV1-2=I ZBE-2=106:00 ZBE-4=UPDATE ZBE-6=A02 ZBE-9=L PV1-3.2=112F"},
		}},
		{"SC-10 pre-admission status corrected (7.1.4)", "I", []turn{
			{"A05", "M1", pam.Change{At: at(10, 0)}, "PV1-2=I ZBE-4=INSERT EVN-6="},
			{"Z99", "M1", pam.Change{Class: "O", Unit: unit("UF2")}, "PV1-2=O ZBE-2=10:00 ZBE-4=UPDATE ZBE-6=A05 ZBE-9=C PV1-3.1=UF2 EVN-6="},
		}},
		{"SC-11 orientation corrected (7.1.5)", "E", []turn{
			{"A04", "M1", pam.Change{At: at(10, 0)}, "PV1-2=E PV1-44=10:00"},
			{"A06", "M2", pam.Change{At: at(11, 0), Unit: unit("UF2")}, "PV1-2=I ZBE-2=11:00 PV1-44=10:00"},
			{"Z99", "M2", pam.Change{Class: "O"}, "PV1-2=O ZBE-2=11:00 ZBE-4=UPDATE ZBE-6=A06 ZBE-9=D PV1-3.1=UF2"},
			{"Z99", "M2", pam.Change{Start: span(at(13, 0))}, "PV1-2=O ZBE-2=13:00 ZBE-4=UPDATE ZBE-6=A06 EVN-6=13:00"},
		}},
		{"SC-12 wrong movement removed after discharge (5.3.7)", "I", []turn{
			{"A01", "1", pam.Change{At: at(18, 0), Unit: unit("6000")}, "ZBE-5=N PV1-3.1=6000"},
			{"A02", "2", pam.Change{At: at(31, 30), Unit: unit("6050")}, "ZBE-5=N PV1-3.1=6050"},
			{"A02", "3", pam.Change{At: at(35, 30), Unit: unit("6055")}, "ZBE-5=N PV1-3.1=6055"},
			{"A02", "4", pam.Change{At: at(39, 0), Unit: unit("6050")}, "ZBE-5=N ZBE-2=39:00"},
			{"A02", "5", pam.Change{At: at(39, 1), Unit: unit("6000")}, "ZBE-5=N"},
			{"A03", "6", pam.Change{At: at(131, 0)}, "ZBE-5=N"},
			{"A12", "4", pam.Change{Of: "3"}, "ZBE-2=39:00 EVN-6=39:00 ZBE-4=CANCEL ZBE-5=Y ZBE-6=A02 PV1-3.1=6055 ZBE-7.10=6055"},
		}},
		{"SC-13 forgotten movement inserted (5.3.7)", "I", []turn{
			{"A01", "1", pam.Change{At: at(18, 0), Unit: unit("6000")}, "ZBE-5=N"},
			{"A02", "2", pam.Change{At: at(31, 30), Unit: unit("6050")}, "ZBE-5=N"},
			{"A02", "3", pam.Change{At: at(39, 0), Unit: unit("6000")}, "ZBE-5=N"},
			{"A03", "4", pam.Change{At: at(131, 0)}, "ZBE-5=N"},
			{"A02", "5", pam.Change{At: at(140, 0), Start: span(at(35, 30)), Unit: unit("6055")}, "ZBE-2=35:30 EVN-6=35:30 ZBE-4=INSERT ZBE-5=Y ZBE-6= PV1-3.1=6055 PV1-6.1=6050"},
		}},
		{"SC-14 forgotten session inserted (5.3.7)", "R", []turn{
			{"A01", "1", pam.Change{At: at(10, 0)}, "ZBE-5=N"},
			{"A03", "2", pam.Change{At: at(18, 0)}, "ZBE-5=N"},
			{"A01", "3", pam.Change{At: at(106, 0)}, "ZBE-4=INSERT ZBE-5=N PV1-44=106:00 PV1-45="},
			{"A03", "4", pam.Change{At: at(114, 0)}, "ZBE-5=N"},
			{"A01", "5", pam.Change{At: at(120, 0), Start: span(at(58, 0))}, "ZBE-2=58:00 ZBE-4=INSERT ZBE-5=Y"},
			{"A03", "6", pam.Change{At: at(120, 0), Start: span(at(66, 0))}, "ZBE-2=66:00 ZBE-4=INSERT ZBE-5=Y PV1-44=58:00"},
		}},
		{"SC-15 session removed (5.3.7)", "R", []turn{
			{"A01", "1", pam.Change{At: at(10, 0)}, "ZBE-5=N"},
			{"A03", "2", pam.Change{At: at(18, 0)}, "ZBE-5=N"},
			{"A01", "3", pam.Change{At: at(58, 0)}, "ZBE-5=N"},
			{"A03", "4", pam.Change{At: at(66, 0)}, "ZBE-5=N"},
			{"A01", "5", pam.Change{At: at(106, 0)}, "ZBE-5=N"},
			{"A03", "6", pam.Change{At: at(114, 0)}, "ZBE-5=N"},
			{"A13", "4", pam.Change{Of: "3"}, "ZBE-2=66:00 ZBE-4=CANCEL ZBE-5=Y ZBE-6=A03"},
			{"A11", "3", pam.Change{Of: "2"}, "ZBE-2=58:00 ZBE-4=CANCEL ZBE-5=Y ZBE-6=A01"},
		}},
		{"SC-16 leave cancelled after discharge (5.3.7)", "I", []turn{
			{"A01", "1", pam.Change{At: at(18, 0), Unit: unit("6000")}, "ZBE-5=N PV1-3.1=6000"},
			{"A21", "2", pam.Change{At: at(31, 30)}, "ZBE-5=N"},
			{"A22", "3", pam.Change{At: at(39, 0)}, "ZBE-5=N"},
			{"A03", "4", pam.Change{At: at(63, 0)}, "ZBE-5=N"},
			{"A53", "3", pam.Change{}, "ZBE-2=39:00 ZBE-4=CANCEL ZBE-5=Y ZBE-6=A22 PV1-3.1=6000"},
			{"A52", "2", pam.Change{}, "ZBE-2=31:30 ZBE-4=CANCEL ZBE-5=Y ZBE-6=A21 PV1-3.1=6000"},
		}},
		{"SC-17 pre-admission, admission, cancellation, deletion (5.4.1)", "I", []turn{
			{"A05", "1", pam.Change{}, "PV1-2=I ZBE-4=INSERT PV1-5="},
			{"A01", "2", pam.Change{}, "PV1-2=I ZBE-4=INSERT PV1-5.5=AN"},
			{"A11", "2", pam.Change{}, "ZBE-4=CANCEL ZBE-6=A01 PV1-5.5=AN"},
			{"A38", "1", pam.Change{}, "ZBE-4=CANCEL ZBE-6=A05"},
		}},
		{"SC-18 class change cancelled (5.3.5)", "E", []turn{
			{"A04", "W", pam.Change{}, "PV1-2=E ZBE-4=INSERT"},
			{"A06", "X", pam.Change{}, "PV1-2=I ZBE-4=INSERT ZBE-6="},
			{"Z99", "X", pam.Change{}, "PV1-2=I ZBE-4=UPDATE ZBE-6=A06"},
			{"A06", "Y", pam.Change{}, "PV1-2=R ZBE-4=INSERT ZBE-6="},
			{"A07", "Y", pam.Change{Of: "3"}, "PV1-2=I ZBE-4=CANCEL ZBE-5=N ZBE-6=A06"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			x := begin(t, "", tc.class)
			numbers := map[string]string{}
			for i, s := range tc.turns {
				m := x.step(fmt.Sprint(i), s.trigger, s.change)
				for _, pair := range strings.Fields(s.fields) {
					path, value, _ := strings.Cut(pair, "=")
					want(t, m, path, moment(value))
				}
				id := m.Get("ZBE-1.1")
				if known, again := numbers[s.movement]; again {
					require.Equal(t, known, id, "step %d tells of %s", i, s.movement)
					continue
				}
				for name, known := range numbers {
					require.False(t, id != "" && id == known, "step %d has the number of %s", i, name)
				}
				numbers[s.movement] = id
			}
		})
	}
}

// moment reads 31:30 as a time stamp, and leaves anything else as it is.
func moment(value string) string {
	var hours, minutes int
	if n, _ := fmt.Sscanf(value, "%d:%d", &hours, &minutes); n == 2 {
		return noon.Add(at(hours, minutes)).Format("20060102150405")
	}
	return value
}

// TestSessions plays SC-02: one account, several visits, of which the last one
// closes it (PAM.fr 7.1.2).
func TestSessions(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "R")
	more := pam.Change{LastVisit: ptr(false)}
	planned := x.do("A05", pam.Change{})
	want(t, planned, "PV1-2", "R", "PV1-51", "V", "ZBE-4", "INSERT")
	account, visit := planned.Get("PID-18"), planned.Get("PV1-19")
	want(t, x.do("A01", pam.Change{}), "PID-18", account, "PV1-19", visit, "PV1-5.1", x.j.Stay().Account, "ZBE-4", "INSERT")
	want(t, x.do("A03", more), "PID-18", account, "PV1-19", visit, "PV1-41", "N")
	visits := map[string]bool{visit: true}
	for range 2 {
		next, err := x.g.Stay(pam.StaySpec{Class: "R"})
		require.NoError(t, err)
		next.Account = x.j.Stay().Account
		arrival := x.do("A01", pam.Change{Stay: next})
		want(t, arrival, "PID-18", account, "PV1-51", "V", "PV1-5", "", "ZBE-5", "N")
		require.False(t, visits[arrival.Get("PV1-19")], "a visit has its own number")
		visits[arrival.Get("PV1-19")] = true
		want(t, x.do("Z99", pam.Change{Start: span(at(1, 0))}), "ZBE-1", arrival.Get("ZBE-1"), "ZBE-4", "UPDATE", "ZBE-6", "A01", "PV1-41", "")
		end := x.do("A03", more)
		want(t, end, "PV1-41", "N", "ZBE-4", "INSERT")
		want(t, x.do("Z99", pam.Change{LastVisit: ptr(true)}), "ZBE-1", end.Get("ZBE-1"), "ZBE-6", "A03", "PV1-41", "D")
	}
}

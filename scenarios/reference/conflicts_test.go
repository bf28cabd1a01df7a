package reference

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
)

// The table of iti-30-31.md §3.2 and pam-fr.md §3.4: what each event does to
// somebody unknown, and to a record that it contradicts.
func TestConflicts(t *testing.T) {
	admission := adt(v25, "A01", "before").moved("1")
	emergency := adt(v25, "A04", "before").moved("1").with(func(s *segments) { s.pv1 = pv1("E", "URG") })
	discharge := adt(v25, "A03", "before-2").moved("2")
	mrg := func(ids string) func(*segments) { return func(s *segments) { s.mrg = "|" + ids } }
	first := func(trigger string) segments { return adt(v25, trigger, "now") }
	inserts := func(trigger string) segments { return first(trigger).moved("9") }
	cancels := func(trigger, original string) segments { return first(trigger).cancels("9", original) }
	correction := func(id string) segments {
		return first("Z99").with(func(s *segments) { s.zbe = zbe(id, "20260105101500", "UPDATE", "N", "A01") })
	}
	// patients tells how many are known after the message, status where the last
	// stay of the patient of the message then stands.
	tests := []struct {
		name     string
		before   []segments
		message  segments
		want     hl7.AckCode
		code     int // of the error
		patients int
		status   Status
	}{
		{"A28 unknown", nil, first("A28"), "AA", 0, 1, ""},
		{"A28 known: not specified, an update", []segments{admission}, first("A28"), "AA", 0, 1, Inpatient},
		{"A31 unknown: insert", nil, first("A31"), "AA", 0, 1, ""},

		{"A47 unknown old identifier: no action", nil, first("A47").with(mrg(other)), "AA", 0, 0, ""},
		{"A47 identifier in use: error", []segments{admission, adt(v25, "A28", "b").of(other)},
			first("A47").with(mrg(other)), "AE", 205, 2, Inpatient},
		{"A47 identifier free", []segments{adt(v25, "A28", "b").of(other)}, first("A47").with(mrg(other)), "AA", 0, 1, ""},
		{"A40 source unknown: no action", []segments{admission}, first("A40").with(mrg(other)), "AA", 0, 1, Inpatient},
		{"A40 target unknown: as A47", []segments{adt(v25, "A28", "b").of(other)}, first("A40").with(mrg(other)), "AA", 0, 1, ""},
		{"A40 both known", []segments{admission, adt(v25, "A28", "b").of(other)}, first("A40").with(mrg(other)), "AA", 0, 1, Inpatient},
		{"A44 unknown account: discard", []segments{admission}, first("A44").of(other).with(mrg(ipp + "||D9^^^CHU")), "AA", 0, 1, Inpatient},
		{"A37 unknown link: no action", nil, first("A37").with(func(s *segments) { s.mrg = ""; s.pid += "\rPID" + pid(other) }), "AA", 0, 0, ""},
		{"A24 unknown patients: linked, none made", nil, first("A24").with(func(s *segments) { s.pid += "\rPID" + pid(other) }), "AA", 0, 0, ""},

		{"A01 unknown patient", nil, inserts("A01"), "AA", 0, 1, Inpatient},
		{"A01 while admitted: error", []segments{admission}, inserts("A01"), "AE", 205, 1, Inpatient},
		{"A01 while on leave: error", []segments{admission, adt(v25, "A21", "b").moved("2")}, inserts("A01"), "AE", 205, 1, OnLeave},
		{"A01 after discharge", []segments{admission, discharge}, inserts("A01"), "AA", 0, 1, Inpatient},
		{"A01 of an outpatient: no conflict", []segments{emergency}, inserts("A01"), "AA", 0, 1, Inpatient},
		{"A01 of a pre-admitted patient", []segments{adt(v25, "A05", "b").moved("1")}, inserts("A01"), "AA", 0, 1, Inpatient},
		{"A11 unknown patient: discard", nil, cancels("A11", "A01"), "AA", 0, 0, ""},
		{"A11 unknown movement: discard", []segments{admission}, cancels("A11", "A01"), "AA", 0, 1, Inpatient},
		{"A11 no open visit: discard", []segments{admission, discharge}, first("A11").cancels("1", "A01"), "AA", 0, 1, Discharged},
		{"A11", []segments{admission}, first("A11").cancels("1", "A01"), "AA", 0, 1, Cancelled},
		{"A11 without ZBE", []segments{admission}, first("A11"), "AA", 0, 1, Cancelled},
		{"A04 while admitted: recorded", []segments{admission},
			inserts("A04").with(func(s *segments) { s.pv1 = "||O|CONS" + pv1("O", "")[5:] + "2" }), "AA", 0, 1, Outpatient},
		{"A03 unknown patient: discard", nil, inserts("A03"), "AA", 0, 0, ""},
		{"A03 nothing open: discard", []segments{admission, discharge}, inserts("A03"), "AA", 0, 1, Discharged},
		{"A03", []segments{admission}, inserts("A03"), "AA", 0, 1, Discharged},
		{"A13 no discharge: discard", []segments{admission}, cancels("A13", "A03"), "AA", 0, 1, Inpatient},
		{"A13", []segments{admission, discharge}, first("A13").cancels("2", "A03"), "AA", 0, 1, Inpatient},
		{"A08 unknown patient: discard", nil, first("A08"), "AA", 0, 0, ""},
		{"A05", nil, inserts("A05"), "AA", 0, 1, PreAdmitted},
		{"A05 while admitted: no conflict, and the stay goes on", []segments{admission}, inserts("A05"), "AA", 0, 1, Inpatient},
		{"A38 no pre-admission: discard", []segments{admission}, cancels("A38", "A05"), "AA", 0, 1, Inpatient},
		{"A38 unknown patient: discard", nil, cancels("A38", "A05"), "AA", 0, 0, ""},
		{"A38", []segments{adt(v25, "A05", "b").moved("1")}, first("A38").cancels("1", "A05"), "AA", 0, 1, Cancelled},
		{"A06 unknown patient: opens a stay", nil, inserts("A06"), "AA", 0, 1, Inpatient},
		{"A06 of an emergency", []segments{emergency}, inserts("A06"), "AA", 0, 1, Inpatient},
		{"A07 unknown patient: opens a stay", nil, inserts("A07").with(func(s *segments) { s.pv1 = pv1("O", "") }), "AA", 0, 1, Outpatient},
		{"A02 unknown patient: process", nil, inserts("A02"), "AA", 0, 1, Inpatient},
		{"A02 unknown outpatient: process", nil, inserts("A02").with(func(s *segments) { s.pv1 = pv1("E", "URG") }), "AA", 0, 1, Outpatient},
		{"A02 after discharge: process", []segments{admission, discharge}, inserts("A02"), "AA", 0, 1, Inpatient},
		{"A12 no transfer: discard", []segments{admission}, cancels("A12", "A02"), "AA", 0, 1, Inpatient},
		{"A12 names an admission: discard", []segments{admission}, first("A12").cancels("1", "A02"), "AA", 0, 1, Inpatient},
		{"A12 unknown patient: discard", nil, cancels("A12", "A02"), "AA", 0, 0, ""},
		{"A14", nil, inserts("A14"), "AA", 0, 1, AdmissionPending},
		{"A27 none pending: discard", []segments{admission}, cancels("A27", "A14"), "AA", 0, 1, Inpatient},
		{"A15 not admitted: discard", []segments{emergency}, inserts("A15"), "AA", 0, 1, Outpatient},
		{"A26 none pending: discard", []segments{admission}, cancels("A26", "A15"), "AA", 0, 1, Inpatient},
		{"A16 unknown patient: discard", nil, inserts("A16"), "AA", 0, 0, ""},
		{"A25 none pending: discard", []segments{admission}, cancels("A25", "A16"), "AA", 0, 1, Inpatient},
		{"A54 nothing open: discard", []segments{admission, discharge}, inserts("A54"), "AA", 0, 1, Discharged},
		{"A55 no change known: discard", []segments{admission}, cancels("A55", "A54"), "AA", 0, 1, Inpatient},
		{"A21 unknown patient: discard", nil, inserts("A21"), "AA", 0, 0, ""},
		{"A21", []segments{admission}, inserts("A21"), "AA", 0, 1, OnLeave},
		{"A52 no leave: discard", []segments{admission}, cancels("A52", "A21"), "AA", 0, 1, Inpatient},
		{"A22 no leave: discard", []segments{admission}, inserts("A22"), "AA", 0, 1, Inpatient},
		{"A22", []segments{admission, adt(v25, "A21", "b").moved("2")}, inserts("A22"), "AA", 0, 1, Inpatient},
		{"A53 no return: discard", []segments{admission}, cancels("A53", "A22"), "AA", 0, 1, Inpatient},
		{"A09 unknown patient: discard", nil, first("A09"), "AA", 0, 0, ""},
		{"A10 unknown patient: discard", nil, first("A10"), "AA", 0, 0, ""},
		{"A33 no departure: discard", []segments{admission}, first("A33"), "AA", 0, 1, Inpatient},
		{"A32 no arrival: discard", []segments{admission}, first("A32"), "AA", 0, 1, Inpatient},

		{"Z99 unknown patient: error", nil, correction("1"), "AE", 204, 0, ""},
		{"Z99 unknown movement: error", []segments{admission}, correction("9"), "AE", 204, 1, Inpatient},
		{"Z99 cancelled movement: error", []segments{admission, adt(v25, "A11", "b").cancels("1", "A01")}, correction("1"), "AE", 204, 1, Cancelled},
		{"Z99", []segments{admission}, correction("1"), "AA", 0, 1, Inpatient},

		{"identifier that was merged away", []segments{
			admission, adt(v25, "A28", "b").of(other), adt(v25, "A40", "c").with(mrg(other)),
		}, first("A31").of(other), "AE", 204, 1, Inpatient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDMN(t, Options{})
			send(t, d, tt.before...)
			r := receipt(t, d, tt.message)
			require.Equal(t, tt.want, r.Code)
			if tt.want != hl7.AA {
				require.Len(t, r.Errors, 1)
				require.Equal(t, tt.code, r.Errors[0].Code)
				require.NotEmpty(t, r.Errors[0].Location.Segment)
			}
			state := d.State()
			require.Len(t, state.Patients, tt.patients)
			status := Status("")
			if p, ok := d.Patient("4711"); ok && len(p.Stays) > 0 {
				status = p.Stays[len(p.Stays)-1].Status
			}
			require.Equal(t, tt.status, status)
		})
	}
}

func TestKnownPatientRefused(t *testing.T) {
	d := newDMN(t, Options{RefuseKnownPatient: true})
	send(t, d, adt(v25, "A28", "1"))
	r := receipt(t, d, adt(v25, "A28", "2").with(func(s *segments) { s.evn += "|" }))
	require.Equal(t, hl7.AE, r.Code)
	require.Equal(t, hl7.ConditionDuplicateKey, r.Errors[0].Code)
	send(t, d, adt(v25, "A31", "3"))
}

func TestDiscardedMessagesLeaveNoTrace(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d, adt(v25, "A01", "1").moved("1"))
	before := d.State()
	renamed := func(s *segments) { s.pid = pid(ipp + "~77^^^AUTRE&1.2.3&ISO^PI") }
	send(t, d,
		adt(v25, "A13", "2").cancels("9", "A03").with(renamed),
		adt(v25, "A22", "3").moved("9").with(renamed),
		adt(v25, "A12", "4").cancels("9", "A02").with(renamed))
	require.Equal(t, before, d.State())
}

package reference

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// step is one message of a journey, with what its ZBE says.
type step struct {
	trigger, id, start string
	action, historic   string // "" is INSERT, or CANCEL when original is set; "" is N
	original           string
	class, location    string // "" is I
}

func (s step) message(n int) segments {
	m := adt(vFR, s.trigger, string(rune('a'+n)))
	if s.action == "" {
		s.action = "INSERT"
		if s.original != "" {
			s.action = "CANCEL"
		}
	}
	if s.historic == "" {
		s.historic = "N"
	}
	if s.class == "" {
		s.class = "I"
	}
	m.pv1 = pv1(s.class, s.location)
	m.zbe = zbe(s.id, s.start, s.action, s.historic, s.original)
	return m
}

// The scenarios of the national document, pam-fr.md §15, and what a DMN then
// has to know.
func TestNationalScenarios(t *testing.T) {
	tests := []struct {
		name      string
		steps     []step
		status    Status
		class     string
		location  string
		movements string // in force, in the order of the stay
	}{
		{"SC-03 orientation from emergency, then a room", []step{
			{trigger: "A04", id: "1", start: "201201010500", class: "E", location: "URG"},
			{trigger: "A06", id: "2", start: "201201011000", location: "NEPHRO^101F"},
			{trigger: "A02", id: "3", start: "201201020900", location: "NEPHRO^110X"},
		}, Inpatient, "I", "NEPHRO^110X", "A04 A06 A02"},
		{"SC-04 room recorded later on the same movement", []step{
			{trigger: "A04", id: "1", start: "201202010600", class: "E", location: "URG"},
			{trigger: "A06", id: "2", start: "201202011100", location: "NEPHRO"},
			{trigger: "Z99", id: "2", start: "201202011100", action: "UPDATE", original: "A06", location: "NEPHRO^102P"},
		}, Inpatient, "I", "NEPHRO^102P", "A04 A06"},
		{"SC-06 historic correction does not move the patient", []step{
			{trigger: "A04", id: "1", start: "201202010600", class: "E", location: "URG"},
			{trigger: "A07", id: "2", start: "201202011100", class: "O", location: "UF1"},
			{trigger: "Z99", id: "1", start: "201202010700", action: "UPDATE", historic: "Y", original: "A04", class: "E", location: "URG2"},
			{trigger: "Z99", id: "2", start: "201202011100", action: "UPDATE", original: "A07", class: "O", location: "UF2"},
		}, Outpatient, "O", "UF2", "A04 A07"},
		{"SC-07 status corrected without a new movement", []step{
			{trigger: "A04", id: "1", start: "201201010500", class: "E", location: "UF1"},
			{trigger: "Z99", id: "1", start: "201201010500", action: "UPDATE", original: "A04", location: "UF2"},
		}, Inpatient, "I", "UF2", "A04"},
		{"SC-11 orientation corrected to outpatient", []step{
			{trigger: "A04", id: "1", start: "201501011000", class: "E", location: "UF1"},
			{trigger: "A06", id: "2", start: "201501011100", location: "UF2"},
			{trigger: "Z99", id: "2", start: "201501011100", action: "UPDATE", original: "A06", class: "O", location: "UF2"},
		}, Outpatient, "O", "UF2", "A04 A06"},
		{"SC-12 wrong movement removed after discharge", []step{
			{trigger: "A01", id: "1", start: "201310101800", location: "6000"},
			{trigger: "A02", id: "2", start: "201310110730", location: "6050"},
			{trigger: "A02", id: "3", start: "201310111130", location: "6055"},
			{trigger: "A02", id: "4", start: "201310111500", location: "6050"},
			{trigger: "A02", id: "5", start: "201310111501", location: "6000"},
			{trigger: "A03", id: "6", start: "201310151100"},
			{trigger: "A12", id: "4", start: "201310111500", historic: "Y", original: "A02", location: "6055"},
		}, Discharged, "I", "6000", "A01 A02 A02 A02 A03"},
		{"SC-13 forgotten movement inserted after discharge", []step{
			{trigger: "A01", id: "1", start: "201310101800", location: "6000"},
			{trigger: "A02", id: "2", start: "201310110730", location: "6050"},
			{trigger: "A02", id: "3", start: "201310111500", location: "6000"},
			{trigger: "A03", id: "4", start: "201310151100"},
			{trigger: "A54", id: "5", start: "201310111130", historic: "Y", location: "6055"},
		}, Discharged, "I", "6000", "A01 A02 A54 A02 A03"},
		{"SC-14 forgotten session inserted", []step{
			{trigger: "A01", id: "1", start: "201310101000", class: "R"},
			{trigger: "A03", id: "2", start: "201310101800", class: "R"},
			{trigger: "A01", id: "3", start: "201310141000", class: "R"},
			{trigger: "A01", id: "5", start: "201310121000", class: "R", historic: "Y"},
			{trigger: "A03", id: "6", start: "201310121800", class: "R", historic: "Y"},
		}, Inpatient, "R", "", "A01 A03 A01 A03 A01"},
		{"SC-15 session that did not happen removed", []step{
			{trigger: "A01", id: "1", start: "201310101000", class: "R"},
			{trigger: "A03", id: "2", start: "201310101800", class: "R"},
			{trigger: "A01", id: "3", start: "201310121000", class: "R"},
			{trigger: "A03", id: "4", start: "201310121800", class: "R"},
			{trigger: "A01", id: "5", start: "201310141000", class: "R"},
			{trigger: "A03", id: "6", start: "201310141800", class: "R"},
			{trigger: "A13", id: "4", start: "201310121800", class: "R", historic: "Y", original: "A03"},
			{trigger: "A11", id: "3", start: "201310121000", class: "R", historic: "Y", original: "A01"},
		}, Discharged, "R", "", "A01 A03 A01 A03"},
		{"SC-16 leave cancelled after discharge", []step{
			{trigger: "A01", id: "1", start: "201310101800", location: "6000"},
			{trigger: "A21", id: "2", start: "201310110730"},
			{trigger: "A22", id: "3", start: "201310111500"},
			{trigger: "A03", id: "4", start: "201310121500"},
			{trigger: "A53", id: "3", start: "201310111500", historic: "Y", original: "A22"},
			{trigger: "A52", id: "2", start: "201310110730", historic: "Y", original: "A21", location: "6000"},
		}, Discharged, "I", "6000", "A01 A03"},
		{"SC-17 admission cancelled, back to pre-admitted", []step{
			{trigger: "A05", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A01", id: "2", start: "202601060800", location: "6001"},
			{trigger: "A11", id: "2", start: "202601060800", original: "A01"},
		}, PreAdmitted, "I", "6000", "A05"},
		{"SC-17 and then deleted", []step{
			{trigger: "A05", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A01", id: "2", start: "202601060800", location: "6001"},
			{trigger: "A11", id: "2", start: "202601060800", original: "A01"},
			{trigger: "A38", id: "1", start: "202601050800", original: "A05"},
		}, Cancelled, "", "", ""},
		{"SC-18 class change cancelled by the opposite event", []step{
			{trigger: "A04", id: "W", start: "202601050800", class: "E", location: "URG"},
			{trigger: "A06", id: "X", start: "202601050900", location: "6000"},
			{trigger: "A06", id: "Y", start: "202601051000", class: "R", location: "6000"},
			{trigger: "A07", id: "Y", start: "202601051000", original: "A06", location: "6000"},
		}, Inpatient, "I", "6000", "A04 A06"},
		{"admission cancelled after a transfer: nothing is left", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A02", id: "2", start: "202601050900", location: "6001"},
			{trigger: "A11", id: "1", start: "202601050800", original: "A01", location: "6000"},
		}, Cancelled, "", "", ""},
		{"transfer cancelled: the message knows best where the patient is", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A02", id: "2", start: "202601050900", location: "6001"},
			{trigger: "A12", id: "2", start: "202601050900", original: "A02", location: "6000^12"},
		}, Inpatient, "I", "6000^12", "A01"},
		{"discharge cancelled", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A03", id: "2", start: "202601050900"},
			{trigger: "A13", id: "2", start: "202601050900", original: "A03", location: "6000"},
		}, Inpatient, "I", "6000", "A01"},
		{"transfer of a stay that was never announced, cancelled", []step{
			{trigger: "A02", id: "2", start: "202601050900", location: "6001"},
			{trigger: "A12", id: "2", start: "202601050900", original: "A02", location: "6000"},
		}, Inpatient, "I", "6000", ""},
		{"simultaneous changes share a movement", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A02", id: "2", start: "202601050900", location: "6001"},
			{trigger: "A54", id: "2", start: "202601050900", location: "6001"},
		}, Inpatient, "I", "6001", "A01 A02"},
		{"cooperating systems each number the movement", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A02", id: "2^CHU^1.2.250.1.999.1^ISO~B7", start: "202601050900", location: "6001"},
			{trigger: "A12", id: "B7", start: "202601050900", original: "A02", location: "6000"},
		}, Inpatient, "I", "6000", "A01"},
		{"a movement number used twice keeps both movements", []step{
			{trigger: "A01", id: "1", start: "202601050800", location: "6000"},
			{trigger: "A03", id: "1", start: "202601050900"},
		}, Discharged, "I", "6000", "A01 A03"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDMN(t, Options{})
			for i, s := range tt.steps {
				send(t, d, s.message(i))
			}
			s := only(t, d)
			require.Equal(t, tt.status, s.Status)
			require.Equal(t, tt.class, s.Class)
			require.Equal(t, tt.location, s.Location)
			inForce := ""
			for _, m := range s.Movements {
				if !m.Cancelled {
					inForce += " " + m.Trigger
				}
			}
			if inForce != "" {
				inForce = inForce[1:]
			}
			require.Equal(t, tt.movements, inForce)
		})
	}
}

func TestLeaveReturnsToWhatWasBefore(t *testing.T) {
	d := newDMN(t, Options{})
	send(t, d,
		adt(v25, "A04", "1").moved("1").with(func(s *segments) { s.pv1 = pv1("O", "CONS") }),
		adt(v25, "A21", "2").moved("2").with(func(s *segments) { s.pv1 = pv1("O", "") }))
	require.Equal(t, OnLeave, only(t, d).Status)
	send(t, d, adt(v25, "A22", "3").moved("3").with(func(s *segments) { s.pv1 = pv1("O", "") }))
	require.Equal(t, Outpatient, only(t, d).Status)
	send(t, d, adt(v25, "A53", "4").cancels("3", "A22"))
	require.Equal(t, OnLeave, only(t, d).Status)
}

func TestPendingEvents(t *testing.T) {
	d := newDMN(t, Options{})
	transfer := adt(v25, "A15", "2").moved("2")
	transfer.pv1 = "||I|6268" + pv1("", "")[3:] + "|||||||||||||||||||||||6270^12"
	send(t, d, adt(v25, "A01", "1").moved("1"), transfer, adt(v25, "A16", "3").moved("3"))
	s := only(t, d)
	require.Equal(t, Inpatient, s.Status)
	require.Equal(t, "6270^12", s.PendingTransfer)
	require.True(t, s.PendingDischarge)

	send(t, d, adt(v25, "A25", "4").cancels("3", "A16"), adt(v25, "A02", "5").moved("5").at("6270^12"))
	s = only(t, d)
	require.Empty(t, s.PendingTransfer, "the transfer has come about")
	require.False(t, s.PendingDischarge)
	require.Equal(t, "6270^12", s.Location)
}

func TestTemporaryPlaces(t *testing.T) {
	d := newDMN(t, Options{})
	away := adt(v25, "A09", "2")
	away.pv1 = "||I|6268||||||||BLOC^1||||||||V1^^^CHU&1.2.250.1.999.1&ISO^VN"
	send(t, d, adt(v25, "A01", "1").moved("1").at("6268"), away)
	s := only(t, d)
	require.Equal(t, "6268", s.Location)
	require.Equal(t, "BLOC^1", s.Temporary)
	send(t, d, adt(v25, "A10", "3").at("6268"))
	require.Empty(t, only(t, d).Temporary)
	send(t, d, adt(v25, "A32", "4").at(""))
	require.Equal(t, "BLOC^1", only(t, d).Temporary)
	send(t, d, adt(v25, "A33", "5").at(""))
	require.Empty(t, only(t, d).Temporary)
}

func TestStaysWithoutNumbers(t *testing.T) {
	bare := func(trigger, id, location string) segments {
		m := adt(v231, trigger, id)
		m.pid, m.pv1 = "|||4711||DUPONT^ZOÉ", "||I|"+location
		return m
	}
	d := newDMN(t, Options{})
	send(t, d, bare("A01", "1", "6268"), bare("A02", "2", "6270"))
	require.Equal(t, "6270", only(t, d).Location)
	send(t, d, bare("A12", "3", "6268"), bare("A03", "4", ""))
	s := only(t, d)
	require.Equal(t, "6268", s.Location)
	require.Equal(t, Discharged, s.Status)

	send(t, d, bare("A01", "5", "6300"))
	p, _ := d.Patient("4711")
	require.Len(t, p.Stays, 2, "an admission after a discharge is another stay")
	require.Equal(t, Inpatient, p.Stays[1].Status)
}

func TestAccountChangesWithTheClass(t *testing.T) {
	d := newDMN(t, Options{})
	const old = "D1^^^CHU&1.2.250.1.999.1&ISO^AN"
	send(t, d, adt(v25, "A04", "1").with(func(s *segments) { s.pv1 = pv1("E", "URG") }))
	require.Equal(t, "D1", only(t, d).Account.Value)
	change := adt(v25, "A06", "2")
	change.pid = "|||" + ipp + "||DUPONT^ZOÉ|||||||||||||D2^^^CHU&1.2.250.1.999.1&ISO^AN"
	change.mrg = "|" + ipp + "||" + old
	send(t, d, change)
	require.Equal(t, "D2", only(t, d).Account.Value)
}

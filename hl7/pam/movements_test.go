package pam_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
)

// TestPending: what is announced leaves the patient where they are, and what
// confirms it goes where it said.
func TestPending(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	m := x.do("A14", pam.Change{Planned: 3 * time.Hour})
	want(t, m, "EVN-3", "20260309150000", "EVN-6", "", "PV2-8", "20260309150000", "PV1-44", "", "ZBE-2", "20260309120000", "PV2-38", "5")
	require.Equal(t, pam.AdmissionPending, x.j.State())
	want(t, x.do("Z99", pam.Change{Planned: 4 * time.Hour}), "ZBE-6", "A14", "EVN-3", "20260309160000", "PV2-8", "20260309160000", "EVN-6", "")
	want(t, x.do("A01", pam.Change{At: 4 * time.Hour}), "PV1-5", "", "ZBE-5", "N")
	m = x.do("A15", pam.Change{At: 5 * time.Hour, Unit: unit("2000"), Room: "7", Planned: 9 * time.Hour})
	want(t, m, "PV1-3.1", "1000", "PV1-42.1", "2000", "PV1-42.2", "7", "EVN-3", "20260309210000", "EVN-6", "", "ZBE-2", "20260309170000", "ZBE-7.10", "1000", "ZBE-9", "HMS")
	want(t, x.do("Z99", pam.Change{Room: "8"}), "ZBE-6", "A15", "PV1-3.1", "1000", "PV1-42.2", "8", "ZBE-9", "HMS")
	m = x.do("A02", pam.Change{At: 9 * time.Hour})
	want(t, m, "PV1-3.1", "2000", "PV1-3.2", "8", "PV1-6.1", "1000", "PV1-42", "")
	m = x.do("A16", pam.Change{At: 10 * time.Hour})
	want(t, m, "EVN-3", "20260310220000", "PV2-9", "20260310220000", "EVN-6", "", "ZBE-2", "20260309220000")
	x.step("on", "A02", pam.Change{At: 11 * time.Hour, Unit: unit("3000")})
	m = x.do("A25", pam.Change{}) // overtaken, and the patient stays where they are
	want(t, m, "ZBE-2", "20260309220000", "ZBE-5", "Y", "ZBE-6", "A16", "PV1-3.1", "3000", "EVN-3", "20260310220000", "EVN-6", "")

	y := begin(t, "pam-2.5", "I")
	y.do("A01", pam.Change{})
	y.do("A16", pam.Change{})
	y.do("A02", pam.Change{})
	want(t, y.do("A25", pam.Change{}), "ZBE-4", "CANCEL", "ZBE-5", "N") // still pending, so current
}

// TestLeave: the bed remains, the expected return is told until the patient is
// back for good.
func TestLeave(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	in := x.do("A01", pam.Change{})
	m := x.do("A21", pam.Change{At: time.Hour, Planned: 30 * time.Hour})
	want(t, m, "PV1-3", in.Get("PV1-3"), "EVN-3", "", "EVN-6", "20260309130000", "PV2-47", "20260310180000", "ZFV-2", "5")
	require.Equal(t, pam.OnLeave, x.j.State())
	m = x.do("A22", pam.Change{At: 31 * time.Hour})
	want(t, m, "PV2-47", "20260310180000", "EVN-6", "20260310190000", "ZFV-2", "")
	require.Equal(t, pam.Open, x.j.State())
	want(t, x.do("A53", pam.Change{}), "PV2-47", "20260310180000", "EVN-6", "20260310190000", "ZBE-6", "A22")
	require.Equal(t, pam.OnLeave, x.j.State())
	want(t, x.do("A52", pam.Change{}), "PV2-47", "", "EVN-6", "20260309130000", "ZBE-6", "A21")
	require.Equal(t, pam.Open, x.j.State())
	x.do("A21", pam.Change{At: 40 * time.Hour})
	x.do("A03", pam.Change{At: 50 * time.Hour}) // did not come back
	require.Equal(t, pam.Closed, x.j.State())

	plain := begin(t, "adt-2.3.1", "I")
	plain.do("A01", pam.Change{})
	want(t, plain.do("A21", pam.Change{}), "MSH-9.3", "ADT_A02", "PV2-47", "", "PV2", "")
}

// TestDoctor: a doctor answers until the next one, also when the one between
// turns out never to have been.
func TestDoctor(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	in := x.do("A01", pam.Change{})
	first := in.Get("PV1-7.1")
	m := x.do("A54", pam.Change{At: time.Hour, Doctor: &pam.Doctor{RPPS: "89970000012", Family: "Martin", Given: "Anne"}})
	want(t, m, "PV1-7.1", "89970000012", "PV1-7.2", "Martin", "ROL-2", "UP", "ROL-3", "AT", "ROL-4.1", "89970000012", "ROL-5", "20260309130000", "ZBE-9", "M", "PV1-3", in.Get("PV1-3"))
	moved := x.do("A02", pam.Change{At: 2 * time.Hour})
	want(t, moved, "PV1-7.1", "89970000012", "ROL-2", "")
	m = x.do("A55", pam.Change{})
	want(t, m, "PV1-7.1", first, "ZBE-5", "Y", "ZBE-6", "A54", "PV1-3", in.Get("PV1-3"), "ROL-2", "")
	require.Equal(t, first, x.j.Stay().Doctor.RPPS)
	require.Equal(t, moved.Get("PV1-3.1"), x.j.Stay().Housing.Code)
	_, err := x.j.Message("same", "A54", pam.Change{Doctor: ptr(x.j.Stay().Doctor)})
	require.ErrorContains(t, err, "already")
	drawn := x.do("A54", pam.Change{})
	require.NotEqual(t, first, drawn.Get("PV1-7.1"))
	m = x.do("Z99", pam.Change{Doctor: &pam.Doctor{Family: "Petit"}})
	want(t, m, "ZBE-6", "A54", "ZBE-9", "M", "PV1-7.2", "Petit", "ROL-4.2", "Petit")
	require.NotEmpty(t, m.Get("PV1-7.1"))
}

// TestClassChange: what the classes do to place, nature and pathway.
func TestClassChange(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "E")
	x.do("A04", pam.Change{})
	m := x.step("in", "A06", pam.Change{})
	want(t, m, "PV1-2", "I", "PV1-6.1", "1000", "PV2-7", "", "ZFM-1", "8", "PV1-21", "03")
	want(t, x.step("r", "A06", pam.Change{Tariff: "HDJ"}), "PV1-2", "R", "ZBE-9", "D", "PV1-20", "HDJ")
	m = x.do("A07", pam.Change{Of: "r"})
	want(t, m, "PV1-2", "I", "ZBE-4", "CANCEL", "ZBE-6", "A06", "PV1-6", "", "PV2-7", "TO")
	m = x.step("out", "A07", pam.Change{Room: "3"})
	want(t, m, "PV1-2", "O", "ZBE-9", "LD", "PV2-7", "TO", "ZFM-1", "")
	m = x.do("A06", pam.Change{Of: "out"})
	want(t, m, "PV1-2", "I", "ZBE-4", "CANCEL", "ZBE-6", "A07")
	_, err := begin(t, "pam-2.5", "I").j.Message("x", "A06", pam.Change{Of: "y"})
	require.ErrorIs(t, err, pam.ErrNotApplicable)
}

// TestCarry: what a past movement changed goes on until the next one that says
// otherwise.
func TestCarry(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "O")
	x.step("in", "A04", pam.Change{})
	x.step("moved", "A02", pam.Change{At: 2 * time.Hour, Unit: unit("2000")})
	x.step("away", "A21", pam.Change{At: 3 * time.Hour})
	want(t, x.do("Z99", pam.Change{Of: "in", Class: "I"}), "ZBE-5", "Y", "ZBE-9", "C")
	want(t, x.step("back", "A22", pam.Change{At: 4 * time.Hour}), "PV1-2", "I", "PV1-3.1", "2000")
	x.do("Z99", pam.Change{Of: "moved", Unit: unit("3000")})
	want(t, x.do("A03", pam.Change{At: 9 * time.Hour}), "PV1-3.1", "3000")
	x.step("forgotten", "A02", pam.Change{At: 10 * time.Hour, Start: span(150 * time.Minute), Unit: unit("4000")})
	require.Equal(t, "4000", x.j.Stay().Housing.Code)
	x.do("A12", pam.Change{Of: "forgotten"})
	require.Equal(t, "3000", x.j.Stay().Housing.Code)
}

// TestTracking: temporary places come and go while the bed is kept, and are
// forgotten when the patient moves.
func TestTracking(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "I")
	x.do("A01", pam.Change{})
	off := x.step("off", "A09", pam.Change{At: time.Hour, Temporary: unit("SCAN")})
	want(t, off, "PV1-11.1", "SCAN", "EVN-6", "20260309130000", "ZBE-1", "")
	want(t, x.do("A33", pam.Change{Of: "off", At: 2 * time.Hour}), "PV1-11", "", "PV1-3.1", "1000", "EVN-6", "20260309130000", "EVN-2", "20260309140000")
	x.do("A09", pam.Change{Temporary: unit("SCAN")})
	x.do("A10", pam.Change{})
	want(t, x.do("A09", pam.Change{Temporary: unit("BLOC")}), "PV1-11.1", "BLOC", "PV1-43.1", "SCAN", "PV1-6", "")
	want(t, x.do("A10", pam.Change{}), "PV1-11.1", "BLOC", "PV1-43.1", "SCAN")
	want(t, x.do("A32", pam.Change{}), "PV1-11.1", "SCAN")
	x.do("A02", pam.Change{})
	want(t, x.do("A09", pam.Change{}), "PV1-11.1", "7010", "PV1-43", "")
	require.Len(t, x.j.Movements(), 2)
	want(t, x.do("A32", pam.Change{Force: true}), "MSH-9.2", "A32")
}

// TestBedless: ZBE-9 = L promises a room or bed in PV1-3, which somebody who
// waits for one does not have.
func TestBedless(t *testing.T) {
	t.Parallel()
	x := begin(t, "", "E")
	x.do("A04", pam.Change{})
	want(t, x.do("A06", pam.Change{Unit: unit("2000"), NoBed: true}), "PV1-3.2", "", "PV1-3.3", "")
	want(t, x.do("A15", pam.Change{Room: "12"}), "ZBE-9", "HMS", "PV1-42.2", "12", "PV1-3.2", "")
	want(t, x.do("A26", pam.Change{}), "PV1-42.2", "12", "PV1-3.2", "")
	want(t, x.do("A02", pam.Change{Room: "12"}), "ZBE-9", "L")
	want(t, x.do("A12", pam.Change{}), "ZBE-9", "H", "PV1-3.2", "")
	want(t, x.do("A02", pam.Change{Room: "12", Tariff: "CP"}), "ZBE-9", "LD", "PV1-20", "CP")
	want(t, x.do("A12", pam.Change{}), "ZBE-9", "D", "PV1-3.2", "", "PV1-20", "")
	_, err := x.j.Message("x", "A02", pam.Change{NoBed: true})
	require.ErrorContains(t, err, "nothing changes")
}

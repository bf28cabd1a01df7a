package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/schema"
)

// profile makes a profile that does a bit of everything.
func profile(t *testing.T) *schema.Version {
	t.Helper()
	d := schema.V25().Draft("lab-1")
	d.Table(schema.NewTable("0001", "Sex", schema.HL7Table, schema.Code{Value: "F"}, schema.Code{Value: "M"}))
	sex := d.Field("PID", 8)
	sex.Usage, sex.Min = schema.Required, 1
	d.Field("PID", 4).Usage = schema.NotUsed
	ins := d.Variant("CX", "CX-LAB")
	ins.Component(5).Usage, ins.Component(10).Usage = schema.Required, schema.NotUsed
	d.Field("PID", 3).Type, d.Field("PID", 3).Max = ins, 1
	d.Type("XPN").Component(2).Usage = schema.Required
	zbe := d.Segment("ZBE")
	zbe.Fields = []schema.FieldDef{
		{Name: "Movement", Type: d.Type("EI"), Usage: schema.Required, Min: 1, Max: schema.Unbounded},
		{Name: "Start", Type: d.Type("TS"), Usage: schema.Required, Min: 1, Max: 1},
	}
	d.Type("XCN").Component(1).Type = d.Type("NM")
	s, err := schema.Compile("ADT_Z01", "MSH EVN PID PV1 ZBE")
	require.NoError(t, err)
	d.Structure(s)
	d.Event(schema.Event{Trigger: "Z01", Structure: "ADT_Z01", Name: "Test"})
	v, err := d.Version()
	require.NoError(t, err)
	return v
}

func TestProfile(t *testing.T) {
	v := profile(t)
	require.Equal(t, "lab-1", v.Name)
	require.Equal(t, "2.5", v.Base)
	for segment, want := range map[string]string{
		"PID|||1^^^A^PI||DUPONT^ZOE|||F":       "",
		"PID|||1^^^A^PI||DUPONT^ZOE|||U":       `not-in-table PID-8 "U" of 0001`,
		"PID|||1^^^A^PI||DUPONT^ZOE":           `field-missing PID-8 ""`,
		"PID|||1^^^A||DUPONT^ZOE|||F":          `component-missing PID-3.5 ""`,
		"PID|||1^^^A^PI^^^^^x||DUPONT^ZOE|||F": `component-not-used PID-3.10 "x"`,
		"PID|||1^^^A^PI~2^^^A^PI||A^B|||F":     `field-repeated PID-3 "1^^^A^PI~2^^^A^PI" 2>1`,
		"PID|||1^^^A^PI|x|DUPONT^ZOE|||F":      `field-not-used PID-4 "x"`,
		"PID|||1^^^A^PI||DUPONT|||F":           `component-missing PID-5.2 ""`,
		"ZBE|1|20261301|3":                     `no-such-time ZBE-2.1 "20261301"; field-unknown ZBE-3 "3"`,
		"EVN||2026|||A1":                       `bad-format EVN-5.1 "A1"`,
		"MRG|1^^^A":                            "", // CX itself is as it was
		"NK1|1|DUPONT":                         `component-missing NK1-2.2 ""`,
	} {
		require.Equal(t, want, check(t, v, 0, segment), segment)
	}
	require.Equal(t, "ADT_Z01", v.StructureOf("ADT", "Z01").Name)
	require.Equal(t, "CX-LAB", v.Segment("PID").Field(3).Type.Name)
}

func TestTheStandardIsNotChangedByProfiles(t *testing.T) {
	profile(t)
	v := schema.V25()
	require.Equal(t, schema.Optional, v.Segment("PID").Field(8).Usage)
	require.Equal(t, schema.Optional, v.Type("XPN").Component(2).Usage)
	require.Nil(t, v.Segment("ZBE"))
	require.Nil(t, v.Type("CX-LAB"))
	require.Nil(t, v.StructureOf("ADT", "Z01"))
	_, ok := v.Table("0001").Lookup("U")
	require.True(t, ok)
	require.Empty(t, check(t, v, 0, "PID|||1^^^A||DUPONT|||U"))
}

func TestMixedVersions(t *testing.T) {
	d := schema.V231().Draft("mixed")
	d.Borrow(schema.V251(), "PID")
	d.Field("PID", 32).Usage = schema.Required
	v, err := d.Version()
	require.NoError(t, err)
	require.Empty(t, check(t, v, 0, "PID|||1^^^A^PI^^20260101||DUPONT"+"|||||||||||||||||||||||||||AL"))
	require.Equal(t, `component-unknown MRG-1.7 "20260101"`, check(t, v, 0, "MRG|1^^^A^PI^^20260101"))
	require.Len(t, schema.V251().Segment("PID").Fields, 39)
	require.Equal(t, schema.Optional, schema.V251().Segment("PID").Field(32).Usage)
}

func TestDraftErrors(t *testing.T) {
	for want, do := range map[string]func(*schema.Draft){
		"PID-99: there is no such field":      func(d *schema.Draft) { d.Field("PID", 99).Usage = schema.Required },
		"zbe: this is no segment name":        func(d *schema.Draft) { d.Segment("zbe") },
		"ZBE-1: the field has no type":        func(d *schema.Draft) { d.Segment("ZBE").Fields = make([]schema.FieldDef, 1) },
		"NEW.1: the component has no type":    func(d *schema.Draft) { d.Type("NEW").Components = make([]schema.ComponentDef, 1) },
		"ZPA: 2.5 has no such segment":        func(d *schema.Draft) { d.Borrow(schema.V25(), "ZPA") },
		"Z01: its structure X is not defined": func(d *schema.Draft) { d.Event(schema.Event{Trigger: "Z01", Structure: "X"}) },
		"LOOP: its components are nested too deeply": func(d *schema.Draft) {
			loop := d.Type("LOOP")
			loop.Components = []schema.ComponentDef{{Type: loop}}
		},
	} {
		d := schema.V25().Draft("wrong")
		do(d)
		_, err := d.Version()
		var e *schema.DraftError
		require.ErrorAs(t, err, &e, want)
		require.Equal(t, "definitions, "+want, err.Error())
		require.Contains(t, e.In("fr"), "définitions, ")
		require.NotEqual(t, e.Hint("fr"), e.Hint("en"))
	}
}

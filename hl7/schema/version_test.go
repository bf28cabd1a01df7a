package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/schema"
)

// TestNothingWasLost counts what the data files hold. Codes are counted as the
// standard prints them: a range is one.
func TestNothingWasLost(t *testing.T) {
	type counts struct{ events, structures, segments, fields, types, composite, components, tables, filled, codes int }
	want := map[string]counts{
		"2.3.1": {50, 18, 26, 545, 41, 32, 139, 171, 69, 1020},
		"2.5":   {57, 26, 29, 649, 47, 37, 202, 205, 111, 1804},
		"2.5.1": {57, 26, 29, 655, 47, 37, 202, 205, 110, 1808},
	}
	fields := map[string][3]int{
		"PID": {30, 39, 39}, "PV1": {52, 52, 52}, "MSH": {20, 21, 21}, "EVN": {6, 7, 7}, "PD1": {12, 21, 21}, "NK1": {37, 39, 39},
		"PV2": {37, 49, 49}, "MRG": {7, 7, 7}, "ERR": {1, 12, 12}, "OBX": {17, 19, 25}, "ROL": {8, 12, 12}, "MSA": {6, 6, 6},
		"IN1": {49, 53, 53}, "IN2": {72, 72, 72}, "IN3": {25, 25, 25}, "GT1": {55, 57, 57}, "AL1": {6, 6, 6}, "DB1": {8, 8, 8},
		"DG1": {19, 21, 21}, "DRG": {10, 11, 11}, "PR1": {16, 20, 20}, "ACC": {6, 11, 11}, "UB1": {23, 23, 23}, "UB2": {17, 17, 17},
		"NTE": {4, 4, 4}, "NPU": {2, 2, 2}, "PDA": {0, 9, 9}, "SFT": {0, 6, 6}, "IAM": {0, 20, 20}, "ARV": {0, 0, 0},
	}
	for i, v := range schema.Versions() {
		var c counts
		c.events, c.structures, c.segments = len(v.Events()), len(v.Structures()), len(v.Segments())
		for _, s := range v.Segments() {
			require.Len(t, s.Fields, fields[s.Name][i], "%s %s", v.Name, s.Name)
			c.fields += len(s.Fields)
		}
		c.types, c.tables = len(v.Types()), len(v.Tables())
		for _, x := range v.Types() {
			c.components += len(x.Components)
			if !x.Primitive() {
				c.composite++
			}
		}
		for _, x := range v.Tables() {
			c.codes += len(x.Codes)
			if len(x.Codes) > 0 {
				c.filled++
			}
		}
		require.Equal(t, want[v.Name], c, v.Name)
	}
}

func TestDefinitionsAreWhole(t *testing.T) {
	for _, v := range schema.Versions() {
		for _, e := range v.Events() {
			require.NotNil(t, v.Structure(e.Structure), "%s %s", v.Name, e.Trigger)
			require.NotEmpty(t, e.Name)
		}
		for _, s := range v.Structures() {
			_, err := schema.Compile(s.Name, s.Notation)
			require.NoError(t, err, "%s %s", v.Name, s.Name)
			require.Equal(t, "MSH", s.Slots()[0].Segment)
			for _, slot := range s.Slots() {
				require.NotNil(t, v.Segment(slot.Segment), "%s %s %s", v.Name, s.Name, slot.Segment)
			}
		}
		for _, s := range v.Segments() {
			require.Same(t, s, v.Segment(s.Name))
			for i, f := range s.Fields {
				require.Equal(t, i+1, f.Number)
				require.Same(t, f.Type, v.Type(f.Type.Name), "%s %s-%d", v.Name, s.Name, f.Number)
				require.NotEmpty(t, f.Name)
				if f.Table != nil {
					require.Same(t, f.Table, v.Table(f.Table.Number))
				}
			}
		}
		for _, x := range v.Types() {
			require.Equal(t, x.Primitive(), x.Format != schema.FormatNone, x.Name)
			for i, c := range x.Components {
				require.Equal(t, i+1, c.Number)
				require.Same(t, c.Type, v.Type(c.Type.Name), "%s %s.%d", v.Name, x.Name, c.Number)
				require.Equal(t, c.Type.Primitive(), c.Format != schema.FormatNone, "%s.%d", x.Name, c.Number)
			}
		}
		for _, x := range v.Tables() {
			for _, c := range x.Codes {
				got, ok := x.Lookup(c.Value)
				require.True(t, ok, "%s %s %q", v.Name, x.Number, c.Value)
				require.Equal(t, c, got, x.Number)
			}
			// What the generator computed is what NewTable computes.
			require.Equal(t, schema.NewTable(x.Number, x.Name, x.Kind, x.Codes...).Closed(), x.Closed() || x.Omitted && len(x.Codes) > 0, x.Number)
		}
	}
}

func TestLookups(t *testing.T) {
	v := schema.V25()
	require.Equal(t, "ADT_A01", v.StructureOf("ADT", "A04").Name)
	require.Equal(t, "ADT_A05", v.StructureOf("ADT", "A28").Name)
	require.Equal(t, "ADT_A01", schema.V231().StructureOf("ADT", "A28").Name)
	require.Equal(t, "ADT_A02", schema.V231().StructureOf("ADT", "A21").Name)
	require.Equal(t, "ACK", v.StructureOf("ACK", "A01").Name)
	require.Nil(t, v.StructureOf("ADT", "A99"))
	require.Nil(t, v.StructureOf("ORU", "R01"))

	pid3 := v.Segment("PID").Field(3)
	require.Equal(t, "Patient Identifier List", pid3.Name)
	require.Equal(t, []any{"CX", 250, schema.Required, 1, schema.Unbounded, 106},
		[]any{pid3.Type.Name, pid3.Length, pid3.Usage, pid3.Min, pid3.Max, pid3.Item})
	require.Nil(t, pid3.Table)
	require.Equal(t, "HD", pid3.Type.Component(4).Type.Name)
	require.Equal(t, "0301", pid3.Type.Component(4).Type.Component(3).Table.Number)
	require.Nil(t, v.Segment("PID").Field(40))
	require.Nil(t, v.Segment("PID").Field(0))
	require.Nil(t, v.Segment("ZBE"))
	require.Nil(t, pid3.Type.Component(11))
	require.Equal(t, 2, v.Segment("PID").Field(38).Max)
	require.Equal(t, schema.FormatPairedTime, schema.V231().Type("TS").Component(1).Format)
	require.Equal(t, schema.FormatDateTime, v.Type("TS").Component(1).Format)

	sex := v.Table("0001")
	require.Equal(t, schema.UserTable, sex.Kind)
	code, ok := sex.Lookup("F")
	require.True(t, ok)
	require.Equal(t, "Female", code.Label)
	require.Nil(t, v.Table("9999"))

	e, ok := v.Event("A40")
	require.True(t, ok)
	require.Equal(t, "ADT_A39", e.Structure)
}

func TestForVersion(t *testing.T) {
	for text, want := range map[string]struct {
		version string
		fit     schema.Fit
	}{
		"2.3.1": {"2.3.1", schema.Exact}, "2.5": {"2.5", schema.Exact}, "2.5.1": {"2.5.1", schema.Exact},
		"2.2": {"2.3.1", schema.Nearest}, "2.4": {"2.5", schema.Nearest}, "2.8.1": {"2.5.1", schema.Nearest},
		"": {"2.5", schema.Unknown}, "3": {"2.5", schema.Unknown}, "2.5.": {"2.5", schema.Unknown},
	} {
		v, fit := schema.ForVersion(text)
		require.Equal(t, want.version, v.Name, "%q", text)
		require.Equal(t, want.fit, fit, "%q", text)
	}
}

func TestTables(t *testing.T) {
	v := schema.V25()
	for _, c := range []struct {
		table, value string
		want         bool
	}{
		{"0001", "F", true}, {"0001", "", false}, {"0001", "FF", false}, {"0001", "f", false},
		{"0112", "15", true}, {"0112", "20", true}, {"0112", "1A", false}, {"0112", "150", false}, {"0112", "10 ... 19", true},
		{"0141", "E5", true}, {"0141", "W5", false}, {"0141", "E0", false},
		{"0359", "2", true}, {"0359", "17", true}, {"0359", "02", false}, {"0359", "2x", false},
		{"0396", "99abc", true}, {"0396", "99", false}, {"0396", "L", true}, {"0396", "HL70001", true}, {"0396", "HL7001", false}, {"0396", "I10", true},
		{"0203", "NNFRA", true}, {"0203", "NNfra", false}, {"0203", "PI", true},
		{"0211", "UNICODE UTF-8", true}, {"0211", "UNICODE UTF-9", false}, {"0211", "UNICODE", true}, {"0211", "8859/15", true},
		{"0399", "FRA", true},
	} {
		require.Equal(t, c.want, v.Table(c.table).Contains([]byte(c.value)), "%s %q", c.table, c.value)
	}
	require.False(t, v.Table("0300").Closed(), "anything a site adds")
	require.False(t, v.Table("0010").Closed(), "no suggested values")
	require.False(t, v.Table("0066").Closed(), "omitted")
	require.True(t, v.Table("0001").Closed())
	require.False(t, (*schema.Table)(nil).Closed())

	own := schema.NewTable("F-1", "own", schema.UserTable, schema.Code{Value: "b"}, schema.Code{Value: "a", Label: "first"})
	got, ok := own.Lookup("a")
	require.True(t, ok)
	require.Equal(t, "first", got.Label)
}

func TestNames(t *testing.T) {
	require.Equal(t, "RE", schema.RequiredOrEmpty.String())
	for u := schema.Optional; u <= schema.NotUsed; u++ {
		got, ok := schema.ParseUsage(u.String())
		require.True(t, ok)
		require.Equal(t, u, got)
	}
	_, ok := schema.ParseUsage("Q")
	require.False(t, ok)
	seen := map[string]bool{}
	for k := schema.SegmentMissing; k.String() != "?"; k++ {
		require.False(t, seen[k.String()] || k.String() == "", k)
		seen[k.String()] = true
		require.Equal(t, k == schema.TooLong || k == schema.BadFormat, schema.KindsOf(schema.TooLong, schema.BadFormat).Has(k))
	}
	require.Len(t, seen, 24)
	require.Equal(t, "User HL7", schema.UserTable.String()+" "+schema.HL7Table.String())
	require.True(t, strings.HasPrefix(schema.FormatDateTime.String(), "date"))
}

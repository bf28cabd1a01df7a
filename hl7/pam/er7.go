package pam

import (
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Field values are written as ER7 text in the standard delimiters: a type of
// HL7 is a call of join with its components. Texts that come from people or
// files are escaped first, by esc.

// join writes parts with a separator between them and none after the last that
// is filled.
func join(separator string, parts []string) string {
	last := len(parts)
	for last > 0 && parts[last-1] == "" {
		last--
	}
	return strings.Join(parts[:last], separator)
}

// components writes a field value of several components.
func components(parts ...string) string { return join("^", parts) }

// subcomponents writes a component of several subcomponents.
func subcomponents(parts ...string) string { return join("&", parts) }

// esc escapes the delimiters in a text.
func esc(text string) string { return hl7.Escape(text, hl7.StandardDelimiters()) }

// stamp writes a date and time to the second, "" for the zero time. HL7 reads a
// time without offset as local to its sender.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return hl7.FormatTime(t, hl7.PrecisionSecond)
}

// day writes a date, "" for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return hl7.FormatTime(t, hl7.PrecisionDay)
}

// authority is who assigns identifiers: an HD.
type authority struct{ name, id, kind string }

// The invented hospital. Its OIDs are of the arc 2.999, which ITU-T keeps for
// examples; its FINESS number is of department 99, which does not exist.
var (
	facilityOID    = authority{"LABO", "2.999.1", "ISO"}
	facilityFINESS = authority{"LABO", "990000017", "N"}
	patientNumbers = authority{"LABO", "2.999.1.1", "ISO"}
	accountNumbers = authority{"LABO", "2.999.1.2", "ISO"}
	visitNumbers   = authority{"LABO", "2.999.1.3", "ISO"}
	movementIDs    = authority{"LABO", "2.999.1.4", "ISO"}
	contactNumbers = authority{"LABO", "2.999.1.5", "ISO"}
	insTest        = authority{insNIRAuthName, insNIRTestOID, "ISO"}
	practitioners  = authority{"ASIP-SANTE-PS", "1.2.250.1.71.4.2.1", "ISO"}
)

// component writes an HD as one component: in full, or by its name alone where
// HL7 2.3.1 leaves 20 characters to an identifier.
func (a authority) component(full bool) string {
	if !full {
		return a.name
	}
	return subcomponents(a.name, a.id, a.kind)
}

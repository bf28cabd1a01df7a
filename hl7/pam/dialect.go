package pam

import (
	"fmt"
	"strings"
)

// Dialect says what a message looks like on the wire. The zero Dialect builds
// nothing; take one from DialectByName or Dialects.
type Dialect struct {
	// Name is how candidate files and reports call it: "pam-fr-2.11".
	Name string
	// Version is the HL7 version of everything but the PID, MSH-12.1.
	Version string
	// PIDVersion is the HL7 version of the PID segment.
	PIDVersion string
	// Title says what the dialect is.
	Title Text

	// french is the version of the French extension whose segments and tables
	// apply, "2.11" or "2.10"; "" when none does.
	french string
	// ins tells that the PID follows the French identity rules: typed names,
	// PID-32, the INS.
	ins bool
	// zbe tells that movements are written, in ZBE.
	zbe bool
}

// dialects holds every dialect, the default first (docs/design.md §5).
var dialects = [...]Dialect{
	{Name: "pam-fr-2.11", Version: "2.5", PIDVersion: "2.5", french: "2.11", ins: true, zbe: true,
		Title: Text{"PAM.fr 2.11 sur HL7 2.5", "PAM.fr 2.11 on HL7 2.5"}},
	{Name: "pam-fr-2.10", Version: "2.5", PIDVersion: "2.5", french: "2.10", ins: true, zbe: true,
		Title: Text{"PAM.fr 2.10 sur HL7 2.5", "PAM.fr 2.10 on HL7 2.5"}},
	{Name: "pam-2.5", Version: "2.5", PIDVersion: "2.5", zbe: true,
		Title: Text{"IHE PAM international, option Historic Movement", "IHE PAM international, Historic Movement option"}},
	{Name: "adt-2.3.1", Version: "2.3.1", PIDVersion: "2.3.1",
		Title: Text{"HL7 2.3.1 ADT, sans segment Z", "HL7 2.3.1 ADT, no Z segment"}},
	{Name: "adt-2.3.1+pid-2.5.1", Version: "2.3.1", PIDVersion: "2.5.1", ins: true,
		Title: Text{"HL7 2.3.1 ADT avec le PID de HL7 2.5.1", "HL7 2.3.1 ADT with the PID of HL7 2.5.1"}},
	{Name: "pam-fr-2.3.1", Version: "2.3.1", PIDVersion: "2.5.1", french: "2.11", ins: true, zbe: true,
		Title: Text{"HL7 2.3.1 ADT, PID de HL7 2.5.1, segments de PAM.fr 2.11", "HL7 2.3.1 ADT, PID of HL7 2.5.1, segments of PAM.fr 2.11"}},
}

// Dialects lists the dialects, the default first.
func Dialects() []Dialect {
	all := dialects
	return all[:]
}

// DialectByName returns the dialect of that name; "" is the default,
// pam-fr-2.11. An unknown name is a *DialectError.
func DialectByName(name string) (Dialect, error) {
	if name == "" {
		return dialects[0], nil
	}
	for _, d := range dialects {
		if d.Name == name {
			return d, nil
		}
	}
	return Dialect{}, newDialectError(name)
}

// v231 reports whether the message, the PID aside, is of HL7 2.3.1.
func (d Dialect) v231() bool { return d.Version == "2.3.1" }

// structure is the MSH-9.3 of an event in the version of the dialect.
func (d Dialect) structure(e event) string {
	if d.v231() {
		return e.v231
	}
	return e.v25
}

// MessageType returns MSH-9 as it stands on the wire, "ADT^A01^ADT_A01"; "" for
// an event that neither the dialect's version nor either transaction knows.
func (d Dialect) MessageType(t Trigger) string {
	e, _ := lookup(t)
	s := d.structure(e)
	if s == "" {
		return ""
	}
	return "ADT^" + string(t) + "^" + s
}

// Supports reports whether this package can build t in d and, if not, why: the
// version has no such event, the dialect has no movements to correct, France
// excludes it, or nobody has written it yet.
func (d Dialect) Supports(t Trigger) (bool, Text) {
	e, known := lookup(t)
	switch {
	case !known:
		return false, newTriggerError(string(t)).what
	case d.Name == "":
		return false, Text{"aucun dialecte n'est choisi", "no dialect is chosen"}
	case d.structure(e) == "":
		return false, Text{
			FR: fmt.Sprintf("HL7 %s n'a pas l'événement %s", d.Version, t),
			EN: fmt.Sprintf("HL7 %s has no event %s", d.Version, t),
		}
	case e.kind == update && !d.zbe:
		return false, Text{
			FR: "sans segment ZBE il n'y a pas de mouvement à corriger",
			EN: "without a ZBE segment there is no movement to correct",
		}
	case t == "A08" && d.french != "":
		return false, Text{
			FR: "PAM.fr exclut A08 : A31 pour l'identité, Z99 pour le mouvement",
			EN: "PAM.fr excludes A08: A31 for the identity, Z99 for the movement",
		}
	case t == "A49" && d.french == "" && !d.v231():
		return false, Text{
			FR: "IHE PAM n'a pas l'événement A49",
			EN: "IHE PAM has no event A49",
		}
	case !e.built:
		return false, Text{
			FR: fmt.Sprintf("pamlab ne sait pas encore construire %s (%s)", t, e.name.FR),
			EN: fmt.Sprintf("pamlab cannot build %s (%s) yet", t, e.name.EN),
		}
	}
	return true, Text{}
}

// supportsClass reports whether PV1-2 may be class in d. V, remote monitoring,
// came with PAM.fr 2.11.1 and exists nowhere else.
func (d Dialect) supportsClass(class string) bool { return class != "V" || d.french == "2.11" }

// has reports whether the French segment name is sent with the event in d.
func (d Dialect) has(e event, name string) bool {
	return d.french != "" && strings.HasPrefix(name, "Z") && e.segmentAllowed(name)
}

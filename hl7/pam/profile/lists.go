package profile

import (
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam"
)

// tableLine reads number, kind, source, where it is used, names. Kind
// "closed-events" is a closed table whose codes are the events of the profile.
func (b *builder) tableLine() error {
	number, kind := b.row.text(1), b.row.text(2)
	if number == "" {
		return b.fail(1, "the number of a table was expected", "on attendait le numéro d'une table")
	}
	t := &Table{
		Number: number, Kind: kind, Source: b.row.text(3), UsedBy: strings.Fields(b.row.text(4)),
		Name: text(b.row.text(5), b.row.text(6)), layer: b.layer,
	}
	switch kind {
	case kindClosed, kindOpen, kindExternal, kindIndicative:
	case "closed-events":
		t.Kind, t.ofEvents = kindClosed, true
	default:
		return b.fail(2, "closed, open, external or indicative was expected", "on attendait closed, open, external ou indicative")
	}
	b.p.tables[number] = t
	b.table, b.item, b.note = t, b.code, &t.Note
	return nil
}

// code reads a code and its labels.
func (b *builder) code() error {
	b.addCode(0)
	return nil
}

func (b *builder) addCode(cell int) {
	c := Code{Value: b.row.cell(cell), Label: text(b.row.text(cell+1), b.row.text(cell+2))}
	if c.Label.EN == "" {
		c.Label.EN = c.Label.FR
	}
	b.codes = append(b.codes, c)
	b.note = &b.codes[len(b.codes)-1].Note
}

// The tables share room for their codes. Room for fewer than fewCodes, which is
// more than most tables have, is left unused.
const (
	fewCodes  = 16
	manyCodes = 200
)

// closeTable gives the table that is open the codes that have been read.
func (b *builder) closeTable() {
	if b.table != nil {
		b.table.Codes = slices.Clip(b.codes)
		b.table, b.codes = nil, b.codes[len(b.codes):]
	}
	if cap(b.codes) < fewCodes {
		b.codes = make([]Code, 0, manyCodes)
	}
}

// codesLine opens a table of the profile, or of HL7 if the profile has none of
// its own, to add codes to it or take some away.
func (b *builder) codesLine() error {
	number := b.row.text(1)
	old := b.p.tables[number]
	if old == nil {
		if old = b.hl7Table(number); old == nil {
			return b.fail(1, "there is no table %q", "il n'y a pas de table « %s »", number)
		}
	}
	t := *old // a profile that lends or is extended keeps its own
	b.codes, t.layer = append(b.codes, old.Codes...), b.layer
	if source := b.row.text(2); source != "" {
		t.Source = source
	}
	b.p.tables[number] = &t
	b.table, b.item, b.note = &t, b.change, &t.Note
	return nil
}

// hl7Table is a table of the version as one of a profile.
func (b *builder) hl7Table(number string) *Table {
	if b.base.Table(number) == nil {
		return nil
	}
	only := &Profile{Version: b.base, used: func() map[string][]string { return nil }}
	t := only.Table(number)
	t.Kind = map[string]string{"hl7": kindClosed, "user": kindOpen}[t.Kind]
	return t
}

// change reads + code labels, or - code.
func (b *builder) change() error {
	value := b.row.cell(1)
	i := slices.IndexFunc(b.codes, func(c Code) bool { return c.Value == value })
	switch {
	case b.row.cells[0] == "+" && i < 0:
		b.addCode(1)
	case b.row.cells[0] == "-" && i >= 0:
		b.codes, b.note = slices.Delete(b.codes, i, i+1), nil
	case b.row.cells[0] == "+":
		return b.fail(1, "the table has the code %q", "la table a déjà le code « %s »", value)
	case b.row.cells[0] == "-":
		return b.fail(1, "the table has no code %q", "la table n'a pas le code « %s »", value)
	default:
		return b.fail(0, "+ or - was expected", "on attendait + ou -")
	}
	return nil
}

func (b *builder) part() error {
	name := b.row.text(1)
	if name == "" || b.row.text(2) == "" {
		return b.fail(1, "a name and segments were expected", "on attendait un nom et des segments")
	}
	b.parts[name] = b.row.text(2)
	return nil
}

// eventLine reads trigger, structure, transaction, kind, actions, cancels,
// classes, tolerated classes, source, names.
func (b *builder) eventLine() error {
	r := &b.row
	trigger := r.text(1)
	if len(trigger) != 3 {
		return b.fail(1, "a trigger such as A01 was expected", "on attendait un événement, comme A01")
	}
	e := &eventText{at: *r, Event: Event{
		Trigger: trigger, Type: "ADT", Structure: r.text(2), Transaction: r.text(3), Kind: r.text(4),
		Actions: strings.Fields(r.text(5)), Cancels: strings.Fields(r.text(6)), Classes: r.text(7), TolerateClasses: r.text(8),
		Source: r.text(9), Name: text(r.text(10), r.text(11)),
	}}
	if trigger == "ACK" {
		e.Type = "ACK"
	}
	if e.Name.EN == "" {
		e.Name = pam.Text{FR: pam.Trigger(trigger).Name("fr"), EN: pam.Trigger(trigger).Name("en")}
	}
	b.events[trigger] = e
	b.event, b.item, b.note = e, b.eventItem, nil
	return nil
}

func (b *builder) eventItem() error {
	switch key, value := b.row.cells[0], b.row.text(1); {
	case key == "grammar" && value != "":
		b.event.notation, b.event.at = value, b.row
	case key == "order" && value == "strict":
		b.event.StrictOrder = true
	case key == "pv2" && value == "unsupported":
		b.event.PV2Unsupported = true
	default:
		return b.fail(0, "grammar, order strict or pv2 unsupported was expected", "on attendait grammar, order strict ou pv2 unsupported")
	}
	return nil
}

// eventsLine says whether the profile has all events of the version, or those
// alone that are listed from here.
func (b *builder) eventsLine() error {
	switch b.row.text(1) {
	case "all":
		b.allHL7 = true
	case "listed":
		b.allHL7 = false
		clear(b.events)
	default:
		return b.fail(1, "all or listed was expected", "on attendait all ou listed")
	}
	return nil
}

// without takes an event away, or a list of codes: then that of HL7 holds.
func (b *builder) without() error {
	name := b.row.text(1)
	if b.events[name] == nil && b.p.tables[name] == nil {
		return b.fail(1, "there is no event or table %q to leave out", "il n'y a ni événement ni table « %s » à retirer", name)
	}
	delete(b.events, name)
	delete(b.p.tables, name)
	return nil
}

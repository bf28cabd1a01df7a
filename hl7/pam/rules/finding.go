package rules

import (
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/profile"
	"github.com/pamlab/pamlab/hl7/schema"
)

// A Finding is one rule that is broken, and where. It costs nothing until
// somebody asks for its words; those are true as long as its Report is not
// used again.
type Finding struct {
	Rule     *Rule
	Level    Level // with settings and circumstances; that of the rule may be another
	Location hl7.Location
	Offset   int // of the first byte concerned, in the message
	Size     int // how many bytes are concerned; 0 for what is missing
	Segment  int // the index of the segment in the message

	m       *hl7.Message
	profile *profile.Profile
	fact    *schema.Finding // when a definition is broken
	args    []Arg
}

// An Arg fills a place in the sentence of a rule: {movement} with M12.
type Arg struct{ Name, Value string }

// NewFinding makes a finding about a value of a message, for rules that look at
// more than one message. Its words come from the rule, filled with args.
func NewFinding(r *Rule, level Level, m *hl7.Message, v hl7.Value, args ...Arg) Finding {
	return Finding{
		Rule: r, Level: level, Location: v.Location(), Offset: v.Offset(), Size: len(v.Raw()), Segment: segmentAt(m, v.Offset()),
		m: m, args: args,
	}
}

// Path returns the place as people write it, "PID-3[2].1". A line that has no
// segment's name is told by its number among the segments.
func (f *Finding) Path() string {
	if len(f.Location.Segment) != 3 && f.Location.Segment != "" {
		return "#" + strconv.Itoa(f.Segment+1)
	}
	return f.Location.String()
}

// Actual returns what is there, decoded; "" when there is nothing.
func (f *Finding) Actual() string {
	if f.m == nil || f.Size == 0 || f.Offset+f.Size > len(f.m.Bytes()) {
		return ""
	}
	raw := f.m.Bytes()[f.Offset : f.Offset+f.Size]
	charset, err := f.m.Charset()
	if err == nil {
		if text, err := charset.Decode(raw); err == nil {
			return text
		}
	}
	return strings.Trim(strconv.QuoteToASCII(string(raw)), `"`)
}

// Message says in lang, "fr" or "en", what is wrong.
func (f *Finding) Message(lang string) string {
	text := f.Rule.say
	if text.IsZero() {
		text = f.Rule.Text
	}
	return f.fill(text.In(lang), lang)
}

// Hint says in lang what to do.
func (f *Finding) Hint(lang string) string { return f.fill(f.Rule.Hint.In(lang), lang) }

// Expected says in lang what would be right, "" when only the message of the
// rule can tell.
func (f *Finding) Expected(lang string) string {
	switch {
	case !f.Rule.expected.IsZero():
		return f.fill(f.Rule.expected.In(lang), lang)
	case f.fact != nil:
		return expectedOf(f.fact, lang)
	case len(f.Rule.values) > 0 && len(f.Rule.values) <= 16:
		return strings.Join(f.Rule.values, ", ")
	}
	return ""
}

// fill puts the facts into the places of a sentence.
func (f *Finding) fill(text, lang string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	if f.m == nil {
		return text
	}
	actual := f.Actual()
	if actual == "" {
		text = emptiness.Replace(text)
	}
	pairs := make([]string, 0, 24)
	for _, a := range f.args {
		pairs = append(pairs, "{"+a.Name+"}", a.Value)
	}
	pairs = append(pairs, "{path}", f.Path(), "{segment}", f.Location.Segment, "{event}", f.m.Header().Trigger, "{actual}", legible(actual))
	for _, l := range f.Rule.body.lines {
		if d := details[l.value]; d != nil && l.key == "check" {
			a := d(f.Actual())
			pairs = append(pairs, "{"+a.Name+"}", a.Value)
		}
	}
	if d := f.fact; d != nil {
		pairs = append(pairs, "{name}", f.name(lang), "{max}", strconv.Itoa(d.Max), "{count}", strconv.Itoa(d.Count), "{expected}", expectedOf(d, lang))
		if d.Table != nil {
			pairs = append(pairs, "{table}", d.Table.Number)
		}
		if t := typeOf(d); t != nil {
			pairs = append(pairs, "{type}", t.Name)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// emptiness puts what is said of a value into the words for none.
var emptiness = strings.NewReplacer("vaut « {actual} »", "est vide", `is "{actual}"`, "is empty")

// legible cuts a value to a length that a sentence can bear.
func legible(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// name is what the profile calls the place, in lang where it says it there.
func (f *Finding) name(lang string) string {
	d, l := f.fact, f.Location
	var text pam.Text
	switch {
	case f.profile == nil:
	case d.Component != nil && d.Type != nil && l.Subcomponent == 0:
		text = f.profile.ComponentName(d.Type.Name, d.Component.Number)
	case d.Component == nil && l.Field > 0:
		text = f.profile.FieldName(l.Segment, l.Field)
	}
	switch {
	case text.In(lang) != "":
		return text.In(lang)
	case d.Component != nil:
		return d.Component.Name
	case d.Field != nil:
		return d.Field.Name
	}
	return l.Segment
}

func typeOf(d *schema.Finding) *schema.TypeDef {
	switch {
	case d.Type != nil:
		return d.Type
	case d.Component != nil:
		return d.Component.Type
	case d.Field != nil:
		return d.Field.Type
	}
	return nil
}

// expectedOf says what a definition wants.
func expectedOf(d *schema.Finding, lang string) string {
	switch d.Kind {
	case schema.FieldMissing, schema.ComponentMissing, schema.FieldNull:
		return pam.Text{FR: "une valeur", EN: "a value"}.In(lang)
	case schema.FieldNotUsed, schema.FieldWithdrawn, schema.ComponentNotUsed, schema.FieldUnknown, schema.ComponentUnknown:
		return pam.Text{FR: "rien", EN: "nothing"}.In(lang)
	case schema.NotInTable, schema.NotSuggested:
		return codesOf(d.Table, lang)
	case schema.TooLong, schema.FieldRepeated:
		return "≤ " + strconv.Itoa(d.Max)
	case schema.FieldTooFew:
		return "≥ " + strconv.Itoa(d.Max)
	case schema.SegmentMisplaced, schema.SegmentUnknown, schema.SegmentMissing:
		if d.Expected != nil {
			return d.Expected.Segment
		}
	case schema.BadFormat, schema.NoSuchTime, schema.HourAlone, schema.LeadingBlank:
		return formatOf(d, lang)
	}
	return ""
}

// codesOf lists the codes of a table, or says which table where they are many.
// "Not present", which table 0207 prints, is how HL7 says that the value is
// empty, and nothing to be sent.
func codesOf(t *schema.Table, lang string) string {
	if t == nil {
		return ""
	}
	if len(t.Codes) > 16 {
		return pam.Text{FR: "un code de la table ", EN: "a code of table "}.In(lang) + t.Number
	}
	var list []string
	for _, c := range t.Codes {
		if !strings.EqualFold(c.Value, "not present") {
			list = append(list, c.Value)
		}
	}
	return strings.Join(list, ", ")
}

// formats say how values of the formats are written.
var formats = map[schema.Format]pam.Text{
	schema.FormatSequence:   {FR: "un nombre de 1 à 4 chiffres", EN: "a number of 1 to 4 digits"},
	schema.FormatNumber:     {FR: "un nombre", EN: "a number"},
	schema.FormatDate:       {FR: "une date AAAA[MM[JJ]]", EN: "a date YYYY[MM[DD]]"},
	schema.FormatTime:       {FR: "une heure HH[MM[SS]]", EN: "a time HH[MM[SS]]"},
	schema.FormatDateTime:   {FR: "une date AAAA[MM[JJ[HH[MM[SS]]]]][+/-ZZZZ]", EN: "a date YYYY[MM[DD[HH[MM[SS]]]]][+/-ZZZZ]"},
	schema.FormatPairedTime: {FR: "une date AAAA[MM[JJ[HHMM[SS]]]][+/-ZZZZ]", EN: "a date YYYY[MM[DD[HHMM[SS]]]][+/-ZZZZ]"},
	schema.FormatString:     {FR: "un texte sans espace au début", EN: "a text without a blank at its beginning"},
	schema.FormatCode:       {FR: "un code", EN: "a code"},
}

func formatOf(d *schema.Finding, lang string) string {
	format := schema.FormatNone
	switch {
	case d.Component != nil:
		format = d.Component.Format
	case d.Type != nil:
		format = d.Type.Format
	}
	return formats[format].In(lang)
}

// Condition is the code of table 0357 with which a receiver refuses a message
// for this finding (IHE ITI TF-2 C.2.3).
func (f *Finding) Condition() int {
	if f.Rule.condition != 0 {
		return f.Rule.condition
	}
	if f.fact == nil {
		switch {
		case f.Size == 0:
			return hl7.ConditionRequired
		case len(f.Rule.values) > 0:
			return hl7.ConditionTable
		}
		return hl7.ConditionDataType
	}
	switch f.fact.Kind {
	case schema.FieldMissing, schema.FieldNull, schema.FieldTooFew, schema.ComponentMissing:
		return hl7.ConditionRequired
	case schema.NotInTable, schema.NotSuggested:
		return hl7.ConditionTable
	case schema.SegmentMissing, schema.SegmentRepeated, schema.SegmentMisplaced, schema.SegmentUnknown, schema.SegmentLocal, schema.SegmentForbidden:
		return hl7.ConditionSequence
	}
	return hl7.ConditionDataType
}

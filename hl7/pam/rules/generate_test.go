package rules

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam"
)

var generate = flag.Bool("generate", false, "write zcatalogue.go anew")

// TestGenerated: zcatalogue.go is what the folder catalogue says. It reads and
// compiles every rule, and says of a mistake in which file and line it is.
func TestGenerated(t *testing.T) {
	c, err := readFolder("catalogue")
	require.NoError(t, err)
	want := c.source(t)
	if *generate {
		require.NoError(t, os.WriteFile("zcatalogue.go", want, 0o644))
	}
	got, err := os.ReadFile("zcatalogue.go")
	require.NoError(t, err)
	if !bytes.Equal(want, got) {
		t.Fatal("zcatalogue.go is not what the catalogue says: go generate ./hl7/pam/rules")
	}
}

// source writes the catalogue as Go.
func (c *folder) source(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("// Code generated from the folder catalogue by go generate; DO NOT EDIT.\n\npackage rules\n\nimport (\n\t\"github.com/pamlab/pamlab/hl7/pam\"\n\t\"github.com/pamlab/pamlab/hl7/schema\"\n)\n\n")
	fmt.Fprintf(&b, "// generatedSegments are the segments that rules and definitions speak of, by segmentID.\nvar generatedSegments = [...]string{%s}\n\n", quoted(c.segments))
	b.WriteString("var generatedSettings = [...]Setting{\n")
	for _, s := range c.settings {
		fmt.Fprintf(&b, "{Name: %q, Default: %q, Values: %s, Text: %s, Source: %q},\n", s.Name, s.Default, list(s.Values), text(s.Text), s.Source)
	}
	b.WriteString("}\n\nvar generatedRules = [...]Rule{\n")
	for _, r := range c.rules {
		r.source(&b)
	}
	b.WriteString("}\n")
	code, err := format.Source(b.Bytes())
	require.NoError(t, err)
	return code
}

// field writes a field of a literal that is not empty.
func field(b *bytes.Buffer, name, value string) {
	if value != "" && value != `""` && value != "nil" && value != "0" {
		fmt.Fprintf(b, "%s: %s,\n", name, value)
	}
}

func (r *Rule) source(b *bytes.Buffer) {
	b.WriteString("{\n")
	field(b, "ID", fmt.Sprintf("%q", r.ID))
	field(b, "index", fmt.Sprint(r.index))
	field(b, "Level", map[Level]string{Info: "Info", Should: "Should", Must: "Must"}[r.Level])
	field(b, "Text", text(r.Text))
	field(b, "Hint", text(r.Hint))
	field(b, "say", text(r.say))
	field(b, "expected", text(r.expected))
	field(b, "Source", fmt.Sprintf("%q", r.Source))
	for _, l := range []struct {
		name string
		list []string
	}{{"Covers", r.Covers}, {"Fields", r.Fields}, {"Events", r.Events}, {"Tables", r.Tables}, {"layers", r.layers}, {"notIn", r.notIn}, {"values", r.values}} {
		field(b, l.name, list(l.list))
	}
	for _, l := range [][2]string{{"Since", r.Since}, {"Until", r.Until}, {"Setting", r.Setting}, {"base", r.base}} {
		field(b, l[0], fmt.Sprintf("%q", l[1]))
	}
	field(b, "tolerant", map[Level]string{Info: "Info", Should: "Should"}[r.tolerant])
	field(b, "condition", fmt.Sprint(r.condition))
	field(b, "Good", example(r.Good))
	field(b, "Bad", example(r.Bad))
	b.WriteString("body: body{\n")
	r.body.source(b)
	b.WriteString("},\n},\n")
}

func (o *body) source(b *bytes.Buffer) {
	field(b, "of", map[subject]string{ofAck: "ofAck", ofSequence: "ofSequence", ofAny: "ofAny"}[o.of])
	if o.acts {
		field(b, "acts", "true")
	}
	field(b, "eachOf", fmt.Sprintf("%q", o.eachOf))
	field(b, "eachID", fmt.Sprint(o.eachID))
	field(b, "baseID", fmt.Sprint(o.baseID))
	if o.whole {
		field(b, "whole", "true")
	}
	field(b, "over", fmt.Sprint(o.over))
	field(b, "events", list(o.events))
	field(b, "kinds", list(o.kinds))
	field(b, "transactions", list(o.transactions))
	if o.needs != 0 {
		field(b, "needs", fmt.Sprintf("%#x", o.needs))
	}
	if len(o.first) > 0 {
		b.WriteString("first: []segmentNeeds{")
		for _, n := range o.first {
			fmt.Fprintf(b, "{%d, %s},", n.segment, n.needs.source())
		}
		b.WriteString("},\n")
	}
	field(b, "own", o.own.source())
	field(b, "at", o.at.source())
	if len(o.lines) > 0 {
		b.WriteString("lines: []line{")
		for _, l := range o.lines {
			fmt.Fprintf(b, "{%q, %q},", l.key, l.value)
		}
		b.WriteString("},\n")
	}
	if len(o.claims) > 0 {
		b.WriteString("claims: []claim{")
		for _, c := range o.claims {
			name := ""
			for part := range strings.SplitSeq(c.kind.String(), "-") {
				name += strings.ToUpper(part[:1]) + part[1:]
			}
			fmt.Fprintf(b, "{schema.%s, %q, %d, %d, %d},", name, c.place, c.field, c.component, c.sub)
		}
		b.WriteString("},\n")
	}
}

func text(t pam.Text) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("pam.Text{FR: %q, EN: %q}", t.FR, t.EN)
}

func list(l []string) string {
	if len(l) == 0 {
		return "nil"
	}
	return "[]string{" + quoted(l) + "}"
}

func quoted(l []string) string {
	var parts []string
	for _, s := range l {
		parts = append(parts, fmt.Sprintf("%q", s))
	}
	return strings.Join(parts, ", ")
}

func example(e Example) string {
	if e.IsZero() {
		return ""
	}
	return fmt.Sprintf("Example{Messages: %s, Settings: %s, Edits: %s}", list(e.Messages), list(e.Settings), list(e.Edits))
}

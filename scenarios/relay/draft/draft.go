package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios"
)

// Limits of a Draft: a scenario file has a bound, too.
const (
	DefaultMaxMessages = 400
	maxBytes           = 600 << 10 // of the messages
)

// Options say what the scenario is called and what is drawn.
type Options struct {
	ID    string // "" is "recorded/traffic"
	Title scenarios.Text
	// Seed is what people are drawn from: the same messages and seed give the same
	// draft.
	Seed uint64
	// MaxMessages bounds the steps; 0 is DefaultMaxMessages.
	MaxMessages int
}

// A Draft collects messages. It is for one goroutine.
type Draft struct {
	opt   Options
	steps []step
	size  int
	left  int // messages that were left out: of another type, unreadable, or too many
}

type step struct {
	message []byte
	header  hl7.Header
	list    []segment
	code    hl7.AckCode // of the answer; "" for none
}

// New returns an empty draft.
func New(opt Options) *Draft {
	if opt.ID == "" {
		opt.ID = "recorded/traffic"
	}
	if opt.Title.IsZero() {
		opt.Title = scenarios.Text{FR: "Scénario enregistré", EN: "Recorded traffic"}
	}
	if opt.MaxMessages <= 0 {
		opt.MaxMessages = DefaultMaxMessages
	}
	return &Draft{opt: opt}
}

// Add takes a message that passed and the code of its acknowledgement, "" when
// none came. Only ADT messages make steps. It reports whether the message was
// taken; the Draft keeps no reference to it.
func (d *Draft) Add(message []byte, answer hl7.AckCode) bool {
	m, err := hl7.Parse(slices.Clone(message))
	if err != nil || m.Header().Type != "ADT" || len(d.steps) >= d.opt.MaxMessages || d.size+len(message) > maxBytes {
		d.left++
		return false
	}
	d.size += len(message)
	if !answer.Valid() {
		answer = ""
	}
	d.steps = append(d.steps, step{message: m.Bytes(), header: m.Header(), list: segments(m), code: answer})
	return true
}

// Len returns how many messages were taken, and how many were left out.
func (d *Draft) Len() (taken, left int) { return len(d.steps), d.left }

// draws is how often other people are drawn before a draft is given up.
const draws = 10

// Scenario writes the scenario. The error is a *LeakError when a trait of
// somebody would be left in it, an *EmptyError when there is nothing to write.
func (d *Draft) Scenario() ([]byte, error) {
	if len(d.steps) == 0 {
		return nil, &EmptyError{Left: d.left}
	}
	original := newTraits()
	for _, s := range d.steps {
		original.message(s.list)
	}
	var leaks, before []Leak
	for n := range uint64(draws) {
		text, messages := d.write(newWorld(original, d.opt.Seed+n*0x9e3779b97f4a7c15))
		leaks = check(original, text, messages)
		if len(leaks) == 0 {
			return []byte(text), nil
		}
		if slices.Equal(leaks, before) {
			break // it is not by chance
		}
		before = leaks
	}
	return nil, &LeakError{Leaks: leaks}
}

// check looks for what must not be in a draft: in its text, in the fields of its
// messages, and any national identity of a production authority.
func check(original *traits, text string, messages []string) []Leak {
	leaks := original.search(text)
	after := newTraits()
	for _, text := range messages {
		m, err := hl7.Parse([]byte(text))
		if err != nil {
			return append(leaks, Leak{Kind: string(aNumber)})
		}
		if pam.CheckIdentities(m) != nil {
			leaks = append(leaks, Leak{Kind: string(aNumber)})
		}
		after.message(segments(m))
	}
	for _, pair := range []struct{ was, is map[string]traitKind }{{original.words, after.words}, {original.numbers, after.numbers}} {
		for v := range pair.is {
			if kind, ok := pair.was[v]; ok {
				leaks = append(leaks, Leak{Kind: string(kind)})
			}
		}
	}
	for v := range after.births {
		if original.births[v] {
			leaks = append(leaks, Leak{Kind: string(aBirth)})
		}
	}
	return leaks
}

// An EmptyError is a draft without a message.
type EmptyError struct{ Left int }

// Error returns the English sentence.
func (e *EmptyError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *EmptyError) In(lang string) string {
	return scenarios.Textf("le scénario n'est pas écrit : aucun message ADT lisible n'est passé (%d autres)",
		"the scenario is not written: no readable ADT message passed (%d others)", e.Left).In(lang)
}

// write writes the draft with the people of a world, and returns its messages
// beside it.
func (d *Draft) write(w *world) (text string, messages []string) {
	var b strings.Builder
	set := d.charset()
	dropped := map[string]int{}
	var steps strings.Builder
	sent, ids := map[string]string{}, map[string]string{}
	for i, s := range d.steps {
		id := fmt.Sprintf("s%03d", i+1)
		if t := s.header.Trigger; isTrigger(t) {
			id += "-" + strings.ToLower(t)
		}
		fmt.Fprintf(&steps, "  - id: %s\n", id)
		if earlier, ok := sent[string(s.message)]; ok {
			fmt.Fprintf(&steps, "    send: {again: %s}\n", earlier)
		} else {
			control := "{{control_id}}"
			if earlier, ok := ids[s.header.ControlID]; ok && s.header.ControlID != "" {
				control = "{{" + earlier + ".sent.MSH-10}}"
			} else if s.header.ControlID == "" {
				control = ""
			}
			lines := w.rewrite(s.list, control, set, dropped)
			fmt.Fprintf(&steps, "    send:\n      raw: |\n        %s\n", strings.Join(lines, "\n        "))
			messages = append(messages, strings.Join(lines, "\r")+"\r")
			sent[string(s.message)], ids[s.header.ControlID] = id, id
		}
		switch {
		case s.code == "":
		case s.code[0] == 'C':
			fmt.Fprintf(&steps, "    expect: {accept: %s}\n", s.code)
		default:
			fmt.Fprintf(&steps, "    expect: {ack: %s}\n", s.code)
		}
	}
	fmt.Fprintf(&b, "version: 1\nid: %s\n", d.opt.ID)
	fmt.Fprintf(&b, "title: {fr: %q, en: %q}\n", d.opt.Title.FR, d.opt.Title.EN)
	if list := slices.Sorted(maps.Keys(dropped)); len(list) > 0 {
		fmt.Fprintf(&b, "# left out: %s\n", strings.Join(list, ", "))
	}
	fmt.Fprintf(&b, "tags: [recorded]\ngiven: {charset: %q}\nsteps:\n", set)
	b.WriteString(steps.String())
	return b.String(), messages
}

// isTrigger reports whether a text looks like a trigger event.
func isTrigger(s string) bool {
	return len(s) == 3 && s[0] >= 'A' && s[0] <= 'Z' && digits(s[1:]) == s[1:]
}

// charset is that of the first message for all of them, and as MSH-18 has it.
// One that nobody knows becomes UTF-8.
func (d *Draft) charset() string {
	c, err := hl7.ParseCharset(first(d.steps[0].header.Charset))
	if err != nil || c == hl7.ASCII {
		c = hl7.UTF8
	}
	return string(c)
}

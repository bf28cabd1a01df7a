package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7"
)

// parseExample reads `A01 PV1-41 = D`: the names of messages, then edits, the
// first on the same line or all on lines of their own.
func parseExample(text string) Example {
	head, rest, _ := strings.Cut(text, "\n")
	e := Example{}
	words := strings.Fields(head)
	for i, w := range words {
		if i > 0 && strings.ContainsAny(w, "-+") || strings.HasSuffix(w, ":") {
			e.Edits = append(e.Edits, strings.Join(words[i:], " "))
			break
		}
		e.Messages = append(e.Messages, w)
	}
	for l := range strings.SplitSeq(rest, "\n") {
		if setting, ok := strings.CutPrefix(l, "with "); ok {
			e.Settings = append(e.Settings, setting)
		} else if l != "" {
			e.Edits = append(e.Edits, l)
		}
	}
	return e
}

// samples are the messages that examples begin with, by name.
var samples = sync.OnceValue(func() map[string]string {
	data, _ := files.ReadFile("catalogue/messages.txt")
	all := map[string]string{}
	for block := range strings.SplitSeq(string(data), "\n\n") {
		head, rest, _ := strings.Cut(strings.TrimSpace(block), "\n")
		for strings.HasPrefix(head, "#") {
			head, rest, _ = strings.Cut(rest, "\n")
		}
		if name, ok := strings.CutPrefix(head, "message "); ok {
			all[name] = strings.ReplaceAll(rest, "\n", "\r") + "\r"
		}
	}
	return all
})

// Samples lists the names of the conformant messages that examples are made
// of: a trigger event, or one with a dialect, "A01/2.3.1".
func Samples() []string {
	var names []string
	for name := range samples() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Sample returns the conformant message of that name.
func Sample(name string) (*hl7.Message, error) {
	text, ok := samples()[name]
	if !ok {
		return nil, fmt.Errorf("there is no sample message %q", name)
	}
	return hl7.Parse([]byte(text))
}

// Build returns the messages of the example, edited. The rule is kept or
// broken by the last of them; the ones before it are what a rule on a sequence
// or an acknowledgement needs.
func (e Example) Build() ([]*hl7.Message, error) {
	var list []*hl7.Message
	for _, name := range e.Messages {
		m, err := Sample(name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("an example needs a message")
	}
	for _, text := range e.Edits {
		m := list[len(list)-1]
		if n, rest, ok := strings.Cut(text, ": "); ok {
			if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(list) {
				m, text = list[i-1], rest
			}
		}
		if rest, ok := strings.CutPrefix(text, "bytes "); ok {
			m, err := replaceBytes(m, rest)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", text, err)
			}
			list[len(list)-1] = m
			continue
		}
		if err := edit(m, text); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
	}
	return list, nil
}

// edit changes a message: `PATH = VALUE`, `- SEG[2]` removes a segment,
// `+ RAW after SEG[2]` adds one. What no message should have is not to be had
// that way: see replaceBytes.
func edit(m *hl7.Message, text string) error {
	switch {
	case strings.HasPrefix(text, "- "):
		i, err := find(m, text[2:])
		if err != nil {
			return err
		}
		return m.RemoveSegment(i)
	case strings.HasPrefix(text, "+ "):
		raw, after, ok := cutLast(text[2:], " after ")
		if !ok {
			return fmt.Errorf("a segment is added after another one")
		}
		i, err := find(m, after)
		if err != nil {
			return err
		}
		return m.AddSegment(i, raw)
	}
	where, value, ok := strings.Cut(text, "=")
	for ok && strings.Count(where, "[") > strings.Count(where, "]") { // PID-3[.5=INS].1 = …
		more, rest, found := strings.Cut(value, "=")
		where, value, ok = where+"="+more, rest, found
	}
	if !ok {
		return fmt.Errorf("this is no edit")
	}
	p, err := hl7.CompilePath(strings.TrimSpace(where))
	if err != nil {
		return err
	}
	value = strings.TrimSpace(value)
	if raw, quoted := strings.CutPrefix(value, "0x"); quoted {
		return setHex(m, p, raw)
	}
	return m.Set(p, value)
}

// replaceBytes replaces bytes wherever they stand, `"\r" = "\r\n"`, for
// examples of what is wrong with the form of a message.
func replaceBytes(m *hl7.Message, text string) (*hl7.Message, error) {
	before, after, _ := strings.Cut(text, " = ")
	from, err := strconv.Unquote(before)
	if err != nil {
		return nil, err
	}
	to, err := strconv.Unquote(after)
	if err != nil {
		return nil, err
	}
	return hl7.Parse(bytes.ReplaceAll(m.Bytes(), []byte(from), []byte(to)))
}

// setHex sets bytes that no text could: `0xE9`.
func setHex(m *hl7.Message, p hl7.Path, digits string) error {
	var raw []byte
	for i := 0; i+1 < len(digits); i += 2 {
		b, err := strconv.ParseUint(digits[i:i+2], 16, 8)
		if err != nil {
			return err
		}
		raw = append(raw, byte(b))
	}
	return m.SetBytes(p, raw)
}

// find returns the index of a segment, "ROL[2]".
func find(m *hl7.Message, name string) (int, error) {
	name = strings.TrimSpace(name)
	name, number, _ := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 1
	}
	for seg := range m.Segments() {
		if seg.Name() == name && seg.Occurrence() == n {
			return seg.Index(), nil
		}
	}
	return 0, fmt.Errorf("there is no segment %s[%d]", name, n)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

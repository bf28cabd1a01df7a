package draft

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/pamlab/pamlab/hl7"
)

// A segment is one segment as text, in the standard delimiters; fields[n] is
// field n.
type segment struct {
	name   string
	fields []string
}

func (s segment) field(n int) string {
	if n < len(s.fields) {
		return s.fields[n]
	}
	return ""
}

// segments takes a message apart. A byte that its character set does not have is
// read as Latin-1: what cannot be read is somebody's all the same.
func segments(m *hl7.Message) []segment {
	charset, err := m.Charset()
	if err != nil {
		charset = hl7.Latin1
	}
	plain := standard(m.Delimiters())
	var list []segment
	for s := range m.Segments() {
		if len(list) == maxSegments {
			break
		}
		raw := s.Raw()
		text, err := charset.Decode(raw)
		if err != nil {
			text, _ = hl7.Latin1.Decode(raw)
		}
		name, rest, found := strings.Cut(plain(text), "|")
		seg := segment{name: name, fields: []string{name}}
		if found && name == "MSH" { // the delimiter itself is the first field
			seg.fields = append(seg.fields, "|")
		}
		if found {
			seg.fields = append(seg.fields, strings.Split(rest, "|")...)
		}
		list = append(list, seg)
	}
	return list
}

// maxSegments bounds what is looked at in one message.
const maxSegments = 1000

// standard returns what writes a text in the standard delimiters.
func standard(d hl7.Delimiters) func(string) string {
	s := hl7.StandardDelimiters()
	from := []byte{d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent}
	to := []byte{s.Field, s.Component, s.Repetition, s.Escape, s.Subcomponent}
	if string(from) == string(to) {
		return func(text string) string { return text }
	}
	return func(text string) string {
		return strings.Map(func(r rune) rune {
			for i, c := range from {
				if c != 0 && r == rune(c) {
					return rune(to[i])
				}
			}
			if strings.ContainsRune(string(to), r) {
				return ' '
			}
			return r
		}, text)
	}
}

// components splits a repetition; parts[n] is component n.
func components(repetition string) []string {
	return append([]string{""}, strings.Split(repetition, "^")...)
}

func part(parts []string, n int) string {
	if n < len(parts) {
		return parts[n]
	}
	return ""
}

// first is the first sub-component.
func first(component string) string {
	s, _, _ := strings.Cut(component, "&")
	return s
}

// unescape resolves the escape sequences of a value without structure.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			break
		}
		sequence, after, closed := strings.Cut(rest, `\`)
		if !closed {
			b.WriteString(rest)
			break
		}
		b.WriteString(meaning(sequence))
		s = after
	}
	return b.String()
}

func meaning(sequence string) string {
	switch sequence {
	case "F":
		return "|"
	case "S":
		return "^"
	case "T":
		return "&"
	case "R":
		return "~"
	case "E":
		return `\`
	}
	if hex, ok := strings.CutPrefix(sequence, "X"); ok {
		var b strings.Builder
		for ; len(hex) >= 2; hex = hex[2:] {
			if n, err := strconv.ParseUint(hex[:2], 16, 8); err == nil {
				b.WriteRune(rune(n))
			}
		}
		return b.String()
	}
	return " "
}

// escape writes a text so that it is one value.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "&", `\T\`, "~", `\R\`).Replace(s)
}

// joined writes components, without empty ones at the end.
func joined(parts []string) string {
	return strings.TrimRight(strings.Join(parts[1:], "^"), "^")
}

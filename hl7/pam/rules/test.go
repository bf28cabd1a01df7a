package rules

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/pamlab/pamlab/hl7"
)

// A test is what a condition asks about a value.
type test struct {
	holds  func(*scope, []byte) bool
	absent bool // what it says when the segment is not there, or no repetition
	state  hl7.State
	states bool // it only asks whether a value has that state
}

func (c *compiler) test(l *lexer) (test, error) {
	word := l.peek()
	l.at++
	switch word {
	case "valued":
		return stateTest(hl7.Present), nil
	case "empty":
		return stateTest(hl7.Absent), nil
	case "null":
		return test{holds: func(_ *scope, raw []byte) bool { return string(raw) == `""` }}, nil
	case "=", "!=":
		return c.equal(l, word == "!=")
	case "in":
		list := l.values()
		if len(list) == 0 {
			return test{}, fmt.Errorf("in wants values")
		}
		c.addExpected(list)
		return test{holds: func(s *scope, raw []byte) bool { return oneOf(list, s.leaf(raw)) }}, nil
	case "starts", "ends", "contains":
		return textTest(l, word)
	case "shape":
		return shapeTest(l)
	case "longer":
		return longerTest(l)
	}
	return test{}, fmt.Errorf("%q is no test", word)
}

func stateTest(want hl7.State) test {
	holds := func(s *scope, raw []byte) bool { return s.state(raw) == want }
	return test{holds: holds, absent: want == hl7.Absent, state: want, states: true}
}

// equal compares with a value, or with what another path names.
func (c *compiler) equal(l *lexer, not bool) (test, error) {
	if l.done() {
		return test{}, fmt.Errorf("a value is missing at the end")
	}
	quoted, word := l.quoted[l.at], l.words[l.at]
	l.at++
	if !quoted && isPath(word) {
		other, err := c.path(word)
		return test{absent: not, holds: func(s *scope, raw []byte) bool {
			o, _ := other.raw(s)
			return (string(raw) == string(o)) != not
		}}, err
	}
	if !not {
		c.addExpected([]string{word})
	}
	return test{absent: not, holds: func(s *scope, raw []byte) bool { return (string(s.leaf(raw)) == word) != not }}, nil
}

// isPath tells PID-3, .5, -33 and @MSH-10 from values.
func isPath(word string) bool {
	word = strings.TrimPrefix(word, "@")
	switch {
	case len(word) > 1 && (word[0] == '.' || word[0] == '-'):
		return word[1] >= '0' && word[1] <= '9'
	case len(word) > 4 && word[3] == '-':
		return word[4] >= '0' && word[4] <= '9' && word[:3] == strings.ToUpper(word[:3])
	}
	return false
}

func textTest(l *lexer, word string) (test, error) {
	list := l.values()
	if len(list) == 0 {
		return test{}, fmt.Errorf("%s wants a value", word)
	}
	parts := make([][]byte, len(list))
	for i, part := range list {
		parts[i] = []byte(part)
	}
	compare := map[string]func(text, part []byte) bool{"starts": bytes.HasPrefix, "ends": bytes.HasSuffix, "contains": bytes.Contains}[word]
	return test{holds: func(s *scope, raw []byte) bool {
		text := s.leaf(raw)
		for _, part := range parts {
			if compare(text, part) {
				return true
			}
		}
		return false
	}}, nil
}

// shapeTest compares a value with patterns: 9 is a digit, A a capital letter,
// X either, + repeats the character before it, anything else is itself.
func shapeTest(l *lexer) (test, error) {
	list := l.values()
	if len(list) == 0 {
		return test{}, fmt.Errorf("shape wants a pattern, as 99999")
	}
	return test{holds: func(s *scope, raw []byte) bool {
		raw = s.leaf(raw)
		for _, pattern := range list {
			if hasShape(raw, pattern) {
				return true
			}
		}
		return false
	}}, nil
}

func hasShape(raw []byte, pattern string) bool {
	for pattern != "" {
		repeated := len(pattern) > 1 && pattern[1] == '+'
		if len(raw) == 0 || !inClass(raw[0], pattern[0]) {
			return false
		}
		raw = raw[1:]
		for repeated && len(raw) > 0 && inClass(raw[0], pattern[0]) {
			raw = raw[1:]
		}
		if pattern = pattern[1:]; repeated {
			pattern = pattern[1:]
		}
	}
	return len(raw) == 0
}

func inClass(c, class byte) bool {
	digit, letter := c >= '0' && c <= '9', c >= 'A' && c <= 'Z'
	switch class {
	case '9':
		return digit
	case 'A':
		return letter
	case 'X':
		return digit || letter
	}
	return c == class
}

// longerTest holds for values of more characters than a number says.
func longerTest(l *lexer) (test, error) {
	list := l.values()
	if len(list) != 1 {
		return test{}, fmt.Errorf("longer wants a number")
	}
	n, err := strconv.Atoi(list[0])
	return test{holds: func(s *scope, raw []byte) bool {
		return len(raw) > n && characters(s, raw) > n
	}}, err
}

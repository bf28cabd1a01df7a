package scenarios

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
)

// Call is an HTTP request to an endpoint of the candidate file: a trigger has the
// candidate do something, a probe asks what came of it.
type Call struct {
	Pos      Source
	Endpoint string
	Method   string
	Path     Template // joined to the address of the endpoint; may have a query
	Headers  []Assign
	Body     *jsonTemplate // nil: none
	Within   time.Duration // 0: limits.ack
	Every    time.Duration // of a probe: between two questions
	named    Source        // of the endpoint's name
}

// jsonTemplate is a JSON value whose texts are templates.
type jsonTemplate struct {
	text    Template // of a text
	literal string   // of a number, true, false, null
	list    []*jsonTemplate
	keys    []Template // with list: of an object
	kind    jsonKind
}

type jsonKind int

const (
	jsonText jsonKind = iota
	jsonLiteral
	jsonList
	jsonObject
)

// templates are those of a whole value.
func (j *jsonTemplate) templates() []Template {
	if j == nil {
		return nil
	}
	list := append([]Template(nil), j.keys...)
	if j.kind == jsonText {
		list = append(list, j.text)
	}
	for _, item := range j.list {
		list = append(list, item.templates()...)
	}
	return list
}

// render writes the value.
func (j *jsonTemplate) render(env Env) ([]byte, error) {
	switch j.kind {
	case jsonLiteral:
		return []byte(j.literal), nil
	case jsonText:
		text, err := j.text.Render(env)
		if err != nil {
			return nil, err
		}
		return json.Marshal(text)
	}
	open, end := "[", "]"
	if j.kind == jsonObject {
		open, end = "{", "}"
	}
	out := []byte(open)
	for i, item := range j.list {
		if i > 0 {
			out = append(out, ',')
		}
		if j.kind == jsonObject {
			key, err := j.keys[i].Render(env)
			if err != nil {
				return nil, err
			}
			name, err := json.Marshal(key)
			if err != nil {
				return nil, err
			}
			out = append(append(out, name...), ':')
		}
		value, err := item.render(env)
		if err != nil {
			return nil, err
		}
		out = append(out, value...)
	}
	return append(out, end...), nil
}

// jsonPath leads to a value of a JSON document: patients[0].name, or with [*] to
// several. The path without steps is the document.
type jsonPath struct{ steps []jsonStep }

// jsonStep is one member or one place of a list.
type jsonStep struct {
	member string
	index  int // of a list; -1: each; with a member: not used
}

const mostJSONSteps = 32

var jsonPathPiece = expression(`^(?:\.?([^.\[\]]+)|\[([0-9]{1,6}|\*)\])`)

// compileJSONPath reads a path; false when it is none.
func compileJSONPath(text string) (jsonPath, bool) {
	var p jsonPath
	if text == "." {
		return p, true
	}
	if text == "" || strings.HasPrefix(text, ".") {
		return p, false
	}
	for rest := text; rest != ""; {
		m := jsonPathPiece().FindStringSubmatch(rest)
		if m == nil || len(p.steps) == mostJSONSteps {
			return p, false
		}
		step := jsonStep{member: m[1], index: -1}
		if step.member == "" && m[2] != "*" {
			step.index, _ = strconv.Atoi(m[2])
		}
		if rest = rest[len(m[0]):]; step.member != "" && len(p.steps) > 0 && m[0][0] != '.' {
			return p, false // ab]cd
		}
		p.steps = append(p.steps, step)
	}
	return p, true
}

// several reports a path with [*].
func (p jsonPath) several() bool {
	for _, s := range p.steps {
		if s.member == "" && s.index < 0 {
			return true
		}
	}
	return false
}

// actual is what a document has at the path.
func (p jsonPath) actual(document any) Actual {
	values := []any{document}
	for _, s := range p.steps {
		var next []any
		for _, v := range values {
			next = append(next, s.from(v)...)
		}
		values = next
	}
	var a Actual
	for _, v := range values {
		a.values = append(a.values, foundJSON(v))
	}
	if len(values) == 0 && !p.several() {
		a.values = []found{{}}
	}
	return a
}

func (s jsonStep) from(v any) []any {
	switch v := v.(type) {
	case map[string]any:
		if inner, ok := v[s.member]; ok && s.member != "" {
			return []any{inner}
		}
	case []any:
		switch {
		case s.member != "":
		case s.index < 0:
			return v
		case s.index < len(v):
			return v[s.index : s.index+1]
		}
	}
	return nil
}

func foundJSON(v any) found {
	f := found{state: hl7.Present}
	switch v := v.(type) {
	case nil:
		f.state = hl7.Null
	case noDocument:
		f.state = hl7.Absent
	case string:
		f.text = v
	case json.Number:
		f.text = v.String()
	case bool:
		f.text = strconv.FormatBool(v)
	default:
		data, _ := json.Marshal(v) // it came from JSON
		f.text = string(data)
	}
	return f
}

package scenarios

import (
	"slices"
	"strings"
	"time"
)

const (
	callKeys  = "endpoint method path headers body within"
	probeKeys = callKeys + " every"
	sinceKeys = "over under level because"
)

// callMethods are the methods of a call.
func callMethods() []string { return []string{"GET", "POST", "PUT", "PATCH", "DELETE"} }

// call decodes an HTTP request; the scalar form names the endpoint.
func (d *decoder) call(n *node, keys, method string) *Call {
	if n == nil {
		return nil
	}
	c := &Call{Pos: n.pos, Method: method}
	if n.kind == scalar {
		c.Endpoint, c.named = d.endpointName(n), n.pos
		return c
	}
	if !d.mapping(n, keys) {
		return nil
	}
	d.required(n, "endpoint")
	for _, p := range n.pairs {
		switch v := p.value; p.key.text {
		case "endpoint":
			c.Endpoint, c.named = d.endpointName(v), v.pos
		case "method":
			c.Method = d.word(v, callMethods()...)
		case "path":
			c.Path = d.callPath(v)
		case "headers":
			c.Headers = d.headers(v)
		case "body":
			c.Body = d.jsonBody(v)
		case "within":
			c.Within = d.wait(v)
		case "every":
			c.Every = d.wait(v)
		}
	}
	if body := n.get("body"); body != nil && c.Method == "GET" {
		d.out.add(body.pos, Text{FR: "une requête GET n'a pas de corps", EN: "a GET request has no body"}).
			expected("ajoutez method: POST, ou retirez body", "add method: POST, or remove body")
	}
	return c
}

func (d *decoder) endpointName(n *node) string {
	return d.matching(n, identityName(), Text{
		FR: "attendu : un nom de la section « endpoints » du fichier candidat", EN: `expected: a name of the candidate file's section "endpoints"`,
	})
}

// callPath compiles what follows the address of the endpoint. It cannot name
// another host.
func (d *decoder) callPath(n *node) Template {
	t := d.template(n)
	if !t.faulty && !strings.HasPrefix(t.Text, "/") && !strings.HasPrefix(t.Text, "?") {
		d.out.add(n.pos, Text{FR: "un chemin commence par « / » ou « ? »", EN: `a path starts with "/" or "?"`}).
			expected("attendu : comme /patients/{{patient.ipp}}", "expected: like /patients/{{patient.ipp}}")
	}
	return t
}

var headerName = expression("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// headers decodes the headers of a request.
func (d *decoder) headers(n *node) []Assign {
	if !d.isMapping(n) {
		return nil
	}
	var list []Assign
	for _, p := range n.pairs {
		name := p.key.text
		if !headerName().MatchString(name) {
			d.out.add(p.key.pos, Textf("« %s » n'est pas un nom d'en-tête HTTP", "%q is no name of an HTTP header", name))
		}
		if slices.ContainsFunc(list, func(a Assign) bool { return strings.EqualFold(a.Key, name) }) {
			d.out.add(p.key.pos, Textf("l'en-tête « %s » est déjà donné", "the header %q was already given", name))
		}
		if slices.Contains([]string{"host", "content-length", "transfer-encoding", "connection"}, strings.ToLower(name)) {
			d.out.add(p.key.pos, Textf("l'en-tête « %s » n'est pas à choisir", "the header %q is not for you to choose", name))
		}
		list = append(list, Assign{Pos: p.span(), Key: name, Value: d.template(p.value)})
	}
	return list
}

var jsonNumber = expression(`^-?(0|[1-9][0-9]{0,17})$`)

// jsonBody compiles the body of a request. The plain words true, false, null and
// whole numbers are those of JSON, everything else is a text.
func (d *decoder) jsonBody(n *node) *jsonTemplate {
	if n.kind == scalar {
		d.out.add(n.pos, Text{FR: "le corps est un objet ou une liste", EN: "the body is an object or a list"}).
			expected("attendu : comme {event: A01, patient: p1}", "expected: like {event: A01, patient: p1}")
		return nil
	}
	return d.jsonValue(n)
}

func (d *decoder) jsonValue(n *node) *jsonTemplate {
	j := &jsonTemplate{}
	switch n.kind {
	case mapping:
		j.kind = jsonObject
		seen := map[string]bool{}
		for _, p := range n.pairs {
			if seen[p.key.text] {
				d.out.add(p.key.pos, Textf("la clé « %s » est déjà écrite", "the key %q was already given", p.key.text))
			}
			seen[p.key.text] = true
			j.keys, j.list = append(j.keys, d.templateOf(p.key, p.key.text)), append(j.list, d.jsonValue(p.value))
		}
	case sequence:
		j.kind = jsonList
		for _, item := range n.items {
			j.list = append(j.list, d.jsonValue(item))
		}
	default:
		plain := !n.quoted && !n.block
		if plain && (slices.Contains([]string{"true", "false", "null"}, n.text) || jsonNumber().MatchString(n.text)) {
			j.kind, j.literal = jsonLiteral, n.text
			return j
		}
		if n.quoted && n.text == "" {
			j.text = literalTemplate(n.pos, "")
			return j
		}
		j.text = d.template(n)
	}
	return j
}

// expectJSON decodes paths into a JSON answer and what must stand there.
func (d *decoder) expectJSON(n *node) []*Expectation {
	if !d.isMapping(n) {
		return nil
	}
	var list []*Expectation
	for _, p := range n.pairs {
		path, ok := d.jsonPath(p.key, p.key.text, 0)
		if !ok {
			continue
		}
		list = d.expectMatch(list, p, &Expectation{Target: TargetJSON, Field: p.key.text, JSON: path})
	}
	return list
}

func (d *decoder) jsonPath(n *node, text string, offset int) (jsonPath, bool) {
	path, ok := compileJSONPath(text)
	if !ok && !n.faulty {
		d.out.add(n.at(offset, len([]rune(text))), Textf("« %s » n'est pas un chemin dans du JSON", "%q is no path in JSON", text)).
			expected("attendu : comme patient.name ou patients[0].id", "expected: like patient.name or patients[0].id")
	}
	return path, ok
}

// expectSince decodes how long after the message before the message comes.
func (d *decoder) expectSince(p pair) []*Expectation {
	e := &Expectation{Pos: p.span(), Target: TargetSince, Level: Must}
	var over, under time.Duration
	switch n := p.value; n.kind {
	case mapping:
		if !d.mapping(n, sinceKeys) {
			return nil
		}
		e.Level, e.Because = d.level(n)
		if v := n.get("over"); v != nil {
			over = d.wait(v)
		}
		if v := n.get("under"); v != nil {
			under = d.wait(v)
		}
		if n.get("over") == nil && n.get("under") == nil && !n.lost {
			d.out.add(n.pos, Text{FR: "il faut « over », « under », ou les deux", EN: `"over" or "under" is missing, or both`})
		}
		if under > 0 && over >= under {
			d.out.add(n.get("under").pos, Text{FR: "« under » n'est pas plus long que « over »", EN: `"under" is no longer than "over"`})
		}
	default:
		under = d.wait(n)
	}
	e.Matcher = &Matcher{Pos: p.value.pos}
	if over > 0 {
		e.Matcher.tests = append(e.Matcher.tests, overTest{over})
	}
	if under > 0 {
		e.Matcher.tests = append(e.Matcher.tests, underTest{under})
	}
	return []*Expectation{e}
}

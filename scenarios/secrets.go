package scenarios

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
)

// secrets are texts that nobody may see: they are hidden in each event, before it
// reaches the journal or anybody who watches it.
type secrets [][]byte // as they stand in JSON

// hidden stands for a secret.
const hidden = "***"

// secretsOf are those of a candidate file's endpoints, in the forms in which a
// program may give them back.
func secretsOf(c *Candidate) secrets {
	var list secrets
	add := func(text string) {
		data, err := marshalPlainly(text)
		if err != nil || len(text) < leastSecret {
			return
		}
		if data = bytes.TrimSpace(data)[1 : len(bytes.TrimSpace(data))-1]; !slices.ContainsFunc(list, func(s []byte) bool { return bytes.Equal(s, data) }) {
			list = append(list, data)
		}
	}
	for _, e := range c.Endpoints {
		for _, h := range e.Headers {
			_, found, _ := h.render()
			for _, secret := range found {
				for _, form := range formsOf(secret) {
					add(form)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b []byte) int { return len(b) - len(a) }) // one may be in another
	return list
}

// formsOf are a text as it is, and as it stands in addresses, in JSON and pages, and
// where credentials do.
func formsOf(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret)}
	for _, c := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		forms = append(forms, c.EncodeToString([]byte(secret)))
	}
	for _, write := range []func(any) ([]byte, error){json.Marshal, marshalPlainly} {
		if data, err := write(secret); err == nil {
			data = bytes.TrimSpace(data)
			forms = append(forms, string(data[1:len(data)-1]))
		}
	}
	return forms
}

// hide returns an event without the secrets. Bytes of messages are left as they
// are.
func (s secrets) hide(e Event) Event {
	if len(s) == 0 {
		return e
	}
	data, err := marshalPlainly(e)
	if err != nil {
		return e
	}
	clean := s.cover(data)
	if len(clean) == len(data) && bytes.Equal(clean, data) {
		return e
	}
	var safe Event
	if json.Unmarshal(clean, &safe) != nil {
		return Event{Kind: e.Kind, Scenario: e.Scenario, Case: e.Case, Step: e.Step}
	}
	return safe
}

// hideIn returns a text without the secrets, for who shows only a part of it: half a
// secret would not be known again.
func (s secrets) hideIn(text string) string {
	data, err := marshalPlainly(text)
	if len(s) == 0 || err != nil {
		return text
	}
	clean := ""
	if json.Unmarshal(s.cover(data), &clean) != nil {
		return hidden
	}
	return clean
}

// cover hides the secrets in JSON.
func (s secrets) cover(data []byte) []byte {
	for _, secret := range s {
		data = bytes.ReplaceAll(data, secret, []byte(hidden))
	}
	return data
}

// marshalPlainly writes JSON as the journal does.
func marshalPlainly(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

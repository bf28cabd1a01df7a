package scenarios

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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
				add(secret)
				add(url.QueryEscape(secret))
				add(url.PathEscape(secret))
				add(base64.StdEncoding.EncodeToString([]byte(secret)))
			}
		}
	}
	slices.SortFunc(list, func(a, b []byte) int { return len(b) - len(a) }) // one may be in another
	return list
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
	clean := data
	for _, secret := range s {
		clean = bytes.ReplaceAll(clean, secret, []byte(hidden))
	}
	if len(clean) == len(data) && bytes.Equal(clean, data) {
		return e
	}
	var safe Event
	if json.Unmarshal(clean, &safe) != nil {
		return Event{Kind: e.Kind, Scenario: e.Scenario, Case: e.Case, Step: e.Step}
	}
	return safe
}

// marshalPlainly writes JSON as the journal does.
func marshalPlainly(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

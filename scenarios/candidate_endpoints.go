package scenarios

import (
	"net/url"
	"os"
	"slices"
	"strings"
)

// Endpoint is an HTTP endpoint of the candidate, or of the tester's own glue.
type Endpoint struct {
	URL *url.URL
	// Headers go with each request. {{env.NAME}} in them stands for a variable of the
	// environment, and is shown nowhere.
	Headers []Header
	// CA, Cert and Key are PEM files, for https: the authorities that the endpoint's
	// certificate must come from ("": those of the system), and what we show.
	CA, Cert, Key string
	ServerName    string
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// leastSecret is how long a secret has to be: a shorter one could be hidden only
// with half of the report.
const leastSecret = 4

var secretRef = expression(`\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

// render is the value of a header, with the secrets that it took from the
// environment.
func (h Header) render() (value string, secrets []string, err error) {
	value = secretRef().ReplaceAllStringFunc(h.Value, func(ref string) string {
		name := secretRef().FindStringSubmatch(ref)[1]
		secret := os.Getenv(name)
		switch {
		case secret == "":
			err = &blocked{Textf("la variable d'environnement %s n'est pas définie", "the environment variable %s is not set", name)}
		case len(secret) < leastSecret:
			err = &blocked{Textf("la variable d'environnement %s est trop courte pour un secret : %d caractères au moins", "the environment variable %s is too short for a secret: %d characters at least", name, leastSecret)}
		case strings.ContainsAny(secret, "\r\n\x00"):
			err = &blocked{Textf("la variable d'environnement %s a plusieurs lignes", "the environment variable %s has several lines", name)}
		}
		secrets = append(secrets, secret)
		return secret
	})
	return value, secrets, err
}

// listeners decodes other places where a GAM finds us.
func (d *decoder) listeners(c *Candidate, n *node) {
	if !d.isMapping(n) {
		return
	}
	c.Harness.Listeners = map[string]Listener{}
	for _, p := range n.pairs {
		d.endName(p.key)
		if _, twice := c.Harness.Listeners[p.key.text]; twice {
			d.out.add(p.key.pos, Textf("« %s » est déjà donné", "%q was already given", p.key.text))
		}
		l := Listener{}
		if p.value.kind != mapping {
			l.Addr = d.hostPort(p.value, 0)
		} else if d.mapping(p.value, listenerKeys) {
			d.required(p.value, "listen")
			if at := p.value.get("listen"); at != nil {
				l.Addr = d.hostPort(at, 0)
			}
			l.Present = d.serverIdentity(p.value.get("present"))
		}
		c.Harness.Listeners[p.key.text] = l
	}
}

// endName checks what a listener or an endpoint is called.
func (d *decoder) endName(key *node) {
	if !identityName().MatchString(key.text) {
		d.out.add(key.pos, Textf("« %s » n'a pas la forme attendue", "%q does not have the expected form", key.text)).
			expected("attendu : minuscules, chiffres et traits d'union", "expected: lower-case letters, digits and hyphens")
	}
}

// endpoints decodes the section of that name. Hosts that are allowed are known by
// now.
func (d *decoder) endpoints(c *Candidate, n *node) {
	if n == nil || !d.isMapping(n) {
		return
	}
	c.Endpoints = map[string]Endpoint{}
	for _, p := range n.pairs {
		d.endName(p.key)
		if _, twice := c.Endpoints[p.key.text]; twice {
			d.out.add(p.key.pos, Textf("« %s » est déjà donné", "%q was already given", p.key.text))
		}
		e := Endpoint{}
		if p.value.kind != mapping {
			e.URL = d.endpointURL(c, p.value)
		} else if d.mapping(p.value, endpointKeys) {
			e = d.endpoint(c, p.value)
		}
		c.Endpoints[p.key.text] = e
	}
}

func (d *decoder) endpoint(c *Candidate, n *node) Endpoint {
	d.required(n, "url")
	e := Endpoint{
		CA: d.file(n.get("ca")), Cert: d.file(n.get("cert")), Key: d.file(n.get("key")), ServerName: d.optional(n.get("server_name")),
	}
	if v := n.get("url"); v != nil {
		e.URL = d.endpointURL(c, v)
	}
	if v := n.get("headers"); v != nil {
		e.Headers = d.headersOf(v)
	}
	if e.URL != nil && e.URL.Scheme != "https" {
		for _, key := range []string{"ca", "cert", "key", "server_name"} {
			if v := n.get(key); v != nil {
				d.out.add(v.pos, Textf("« %s » ne sert qu'à https", "%q is for https only", key))
			}
		}
	}
	if key := n.get("key"); key != nil && n.get("cert") == nil {
		d.out.add(key.pos, Text{FR: "une clé sans certificat", EN: "a key without a certificate"}).expected("ajoutez cert", "add cert")
	}
	return e
}

// headersOf decodes headers in which only the environment is referred to.
func (d *decoder) headersOf(n *node) []Header {
	if !d.isMapping(n) {
		return nil
	}
	var list []Header
	for _, p := range n.pairs {
		text, _ := d.text(p.value)
		if rest := secretRef().ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.ContainsAny(rest, "\r\n") {
			d.out.add(p.value.pos, Text{FR: "cette valeur d'en-tête ne va pas", EN: "this value of a header will not do"}).
				expected("attendu : un texte, avec {{env.NOM}} pour une variable d'environnement", "expected: a text, with {{env.NAME}} for an environment variable")
		}
		list = append(list, Header{p.key.text, text})
	}
	plain := *n
	plain.pairs = slices.Clone(n.pairs)
	for i := range plain.pairs {
		plain.pairs[i].value = &node{kind: scalar, pos: plain.pairs[i].value.pos, text: "x", quoted: true}
	}
	d.headers(&plain) // their names
	return list
}

// endpointURL returns the address of an endpoint, at a host that somebody allowed.
func (d *decoder) endpointURL(c *Candidate, n *node) *url.URL {
	text, ok := d.text(n)
	if !ok {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		d.out.add(n.pos, Textf("« %s » n'est pas l'adresse d'un point d'accès HTTP", "%q is no address of an HTTP endpoint", text)).
			expected("attendu : comme http://127.0.0.1:8080/api ; un mot de passe va dans un en-tête", "expected: like http://127.0.0.1:8080/api; a password goes into a header")
		return nil
	}
	if !slices.ContainsFunc(c.Safety.AllowHosts, func(allowed string) bool { return sameHost(allowed, u.Hostname()) }) {
		d.out.add(n.pos, Textf("l'hôte « %s » n'est pas dans safety.allow_hosts", "the host %q is not in safety.allow_hosts", u.Hostname())).
			expected("ajoutez-le si c'est bien un système de test", "add it if it really is a test system")
	}
	return u
}

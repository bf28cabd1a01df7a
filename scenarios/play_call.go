package scenarios

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"
)

// Bounds of what is read of an HTTP answer, and shown of it.
const (
	mostAnswer    = 1 << 20
	mostRedirects = 3
	mostShown     = 300
)

// request is an HTTP request that is ready to be sent, more than once if need be.
type request struct {
	method, url string
	header      http.Header
	body        []byte
	within      time.Duration
	client      *http.Client
	secrets     secrets
}

// callResult is what came of a request.
type callResult struct {
	what     string // method and address
	sent     []byte
	status   int
	text     string // of the status
	body     []byte
	document any // the body as JSON; nil when it is none
	err      error
	took     time.Duration
	secrets  secrets // that may be in it
}

// good reports an answer with 2xx.
func (r *callResult) good() bool { return r.err == nil && r.status/100 == 2 }

// escapes renders references as one part of an address.
type escapes struct{ *stage }

// Lookup implements Env.
func (e escapes) Lookup(r Ref) (string, error) {
	text, err := e.stage.Lookup(r)
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), err
}

// request puts a call together: the address of the endpoint, what the step says,
// and the secrets of the candidate file.
func (s *stage) request(step *Step, call *Call) (*request, error) {
	end, ok := s.player.Candidate.Endpoints[call.Endpoint]
	if !ok {
		return nil, &blocked{noEndpoint(call.Endpoint)}
	}
	path, err := call.Path.Render(escapes{s})
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(strings.TrimSuffix(end.URL.String(), "/") + path)
	if err != nil || address.Host != end.URL.Host {
		return nil, &blocked{Textf("« %s » n'est pas un chemin", "%q is no path", path)}
	}
	r := &request{method: call.Method, url: address.String(), header: http.Header{}, within: call.Within, secrets: s.player.secrets}
	if r.within == 0 || call == step.Probe {
		r.within = s.player.Candidate.Limits.Ack
	}
	if call.Body != nil {
		if r.body, err = call.Body.render(s); err != nil {
			return nil, err
		}
		r.header.Set("Content-Type", "application/json")
	}
	r.header.Set("Accept", "application/json")
	r.header.Set("User-Agent", "pamlab")
	for _, h := range call.Headers {
		value, err := h.Value.Render(s)
		if err != nil {
			return nil, err
		}
		r.header.Set(h.Key, value)
	}
	for _, h := range end.Headers {
		value, _, err := h.render()
		if err != nil {
			return nil, err
		}
		r.header.Set(h.Name, value)
	}
	r.client, err = end.client(s.player.Candidate.Limits)
	return r, err
}

func noEndpoint(name string) Text {
	return Textf("le fichier candidat n'a pas de point d'accès « %s » sous endpoints", "the candidate file has no endpoint %q below endpoints", name)
}

// client makes a client that goes nowhere else than to the endpoint.
func (e Endpoint) client(limits Limits) (*http.Client, error) {
	config, err := e.tls()
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: limits.Connect}).DialContext, TLSClientConfig: config,
			TLSHandshakeTimeout: limits.Handshake, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme || len(via) > mostRedirects {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}, nil
}

// tls reads the files of an endpoint. What cannot be used is nobody's fault but
// that of who wrote the candidate file.
func (e Endpoint) tls() (*tls.Config, error) {
	if e.URL.Scheme != "https" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: e.ServerName}
	if e.CA != "" {
		pem, err := os.ReadFile(e.CA)
		if err != nil {
			return nil, &blocked{Textf("les autorités du point d'accès sont illisibles : %v", "the authorities of the endpoint cannot be read: %v", err)}
		}
		if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &blocked{Textf("%s n'a pas de certificat", "%s has no certificate", e.CA)}
		}
	}
	if e.Cert != "" {
		key := e.Key
		if key == "" {
			key = e.Cert
		}
		pair, err := tls.LoadX509KeyPair(e.Cert, key)
		if err != nil {
			return nil, &blocked{Textf("notre certificat pour le point d'accès est inutilisable : %v", "our certificate for the endpoint cannot be used: %v", err)}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// perform sends the request and reads the answer, each once.
func (r *request) perform(ctx context.Context) (result callResult) {
	started := time.Now()
	result = callResult{what: r.method + " " + r.url, sent: r.body, secrets: r.secrets}
	defer func() { result.took = time.Since(started) }()
	ctx, cancel := context.WithTimeout(ctx, r.within)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		result.err = err
		return result
	}
	q.Header = r.header.Clone()
	answer, err := r.client.Do(q)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err // the address is told beside it
		}
		result.err = err
		return result
	}
	defer answer.Body.Close()
	result.status, result.text = answer.StatusCode, answer.Status
	result.body, err = io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	switch {
	case err != nil:
		result.err = err
	case len(result.body) > mostAnswer:
		result.err = errTooLarge
	default:
		result.document = jsonDocument(result.body)
	}
	return result
}

// noDocument stands for an answer that is no JSON: nothing is in it.
type noDocument struct{}

// jsonDocument reads an answer; numbers keep the text that is written.
func jsonDocument(body []byte) any {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var document any
	if d.Decode(&document) != nil {
		return noDocument{}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return noDocument{}
	}
	return document
}

// failure is the check of a request that did not do what it should: nothing can be
// said of the candidate.
func (r *callResult) failure(name string) CheckInfo {
	c := CheckInfo{Name: name, Level: Must, Verdict: Inconclusive, Expected: "2xx", Actual: "-"}
	if r.err != nil {
		why := Text{FR: r.err.Error(), EN: r.err.Error()}
		switch {
		case errors.Is(r.err, errTooLarge):
			why = Textf("la réponse a plus de %d octets", "the answer has more than %d bytes", mostAnswer)
		case errors.Is(r.err, context.DeadlineExceeded):
			why = Text{FR: "pas de réponse à temps", EN: "no answer in time"}
		}
		c.Message = &Text{FR: r.what + " : " + why.FR, EN: r.what + ": " + why.EN}
		return c
	}
	c.Actual = legible(r.text)
	c.Message = &Text{FR: r.what + " : " + r.text, EN: r.what + ": " + r.text}
	if shown := r.excerpt(r.body); shown != "" {
		c.Message.FR += " : " + shown
		c.Message.EN += ": " + shown
	}
	return c
}

// excerpt shows the beginning of a body, on one line.
func (r *callResult) excerpt(body []byte) string {
	body = []byte(r.secrets.hideIn(legible(string(body))))
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, strings.TrimSpace(legible(string(body[:min(len(body), mostShown)]))))
	if len(body) > mostShown {
		text += "…"
	}
	return text
}

// tellCall writes down a request and its answer, without the headers.
func (s *stage) tellCall(step *Step, r *callResult) {
	text := r.what
	if len(r.sent) > 0 {
		text += " " + r.excerpt(r.sent)
	}
	took := r.took.Round(time.Millisecond)
	note := Text{FR: fmt.Sprintf("%s : %s, %s", text, r.text, took), EN: fmt.Sprintf("%s: %s, %s", text, r.text, took)}
	if r.err != nil {
		note = Text{FR: fmt.Sprintf("%s : %v", text, r.err), EN: fmt.Sprintf("%s: %v", text, r.err)}
	}
	s.write(Event{Kind: Note, Step: step.ID, Note: &note})
}

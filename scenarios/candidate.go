package scenarios

import (
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// Candidate is a candidate file: the system under test, and what differs from
// one site to another. Scenarios know nothing of it.
type Candidate struct {
	Name    string
	Release string
	Role    Role
	Address string // host:port of a DMN; "" for a GAM
	Dialect pam.Dialect
	Charset hl7.Charset
	// Supports lists the events that the candidate takes; nil: every event.
	Supports []pam.Trigger
	// Application and Facility are its names in messages, MSH-5 and MSH-6.
	Application, Facility string

	Harness Harness
	TLS     *TLS // nil: plain TCP
	// Endpoints are those of the candidate, or of the tester's own glue, that a
	// `trigger` or a `probe` names.
	Endpoints map[string]Endpoint
	Limits    Limits
	Safety    Safety
	// Conformance are the settings by which messages are judged, ours and the
	// candidate's.
	Conformance rules.Settings
}

// Harness is pamlab's own side.
type Harness struct {
	Application string // MSH-3
	Facility    string // MSH-4
	Listen      string // host:port where a GAM finds us
	// Listeners are other places where a GAM finds us, by the names that the
	// scenarios' `receive: {listener: …}` uses.
	Listeners map[string]Listener
}

// Listener is one of our listening sides.
type Listener struct {
	Addr    string // host:port
	Present string // the identity that we show, as in a Connect
}

// listener is one by its name; "" is that of Listen.
func (h Harness) listener(name string) (Listener, bool) {
	if name == "" {
		return Listener{Addr: h.Listen}, true
	}
	l, ok := h.Listeners[name]
	return l, ok
}

// TLS names the PEM files of mutual TLS. Relative names in the candidate file
// count from its folder; here they count from the working directory.
type TLS struct {
	CA         string
	Cert, Key  string // Key is "" when the key stands in Cert
	ServerName string
	// Identities are others than Cert and Key, by the names that the
	// scenarios' `connect: {present: …}` uses.
	Identities map[string]Identity
	// Bad is the folder of faulty identities, NAME.pem and NAME-key.pem, where
	// names are looked for that Identities does not have. "": bad, beside CA.
	Bad string
	// Revocation says whether the candidate's certificate is looked up among
	// those that were revoked, and CRL are the lists to look in: files, or one
	// folder. "" is off without lists, and if-present with some.
	Revocation string
	CRL        []string
	// Renews is how long it takes at most until the candidate's certificate is
	// renewed, by somebody, while scenarios are played; 0: nobody does.
	Renews time.Duration
}

// Identity is a certificate and its key.
type Identity struct{ Cert, Key string }

// Limits bounds every wait and the size of what is read.
type Limits struct {
	Connect   time.Duration // to open a TCP connection
	Handshake time.Duration // of TLS
	Ack       time.Duration // from the last byte sent to the last byte of the answer
	Receive   time.Duration // for a message of a GAM
	Operator  time.Duration // for a person to do what they were asked to
	Message   int           // bytes of a received message
}

// Safety keeps tests away from systems and patients that are real.
type Safety struct {
	// AllowHosts are the hosts that the candidate's address may name.
	AllowHosts []string
	// RefuseRealIdentities refuses to send a message with a production INS.
	RefuseRealIdentities bool
}

// NewCandidate returns what an empty candidate file amounts to: a DMN on this
// machine, spoken to in the first dialect, without TLS. It has no address yet.
func NewCandidate() *Candidate {
	return &Candidate{
		Name:        "candidate",
		Role:        DMN,
		Dialect:     pam.Dialects()[0],
		Charset:     hl7.UTF8,
		Application: "DMN",
		Facility:    "PAMLAB",
		Harness:     Harness{Application: "PAMLAB", Facility: "PAMLAB", Listen: "127.0.0.1:2576"},
		Limits: Limits{
			Connect: 3 * time.Second, Handshake: 3 * time.Second,
			Ack: 5 * time.Second, Receive: time.Minute, Operator: 5 * time.Minute, Message: 1 << 20,
		},
		Safety:      Safety{AllowHosts: []string{"127.0.0.1", "localhost", "::1"}, RefuseRealIdentities: true},
		Conformance: testSettings(),
	}
}

// Info is the candidate as journals tell it.
func (c *Candidate) Info() CandidateInfo {
	listen := ""
	if c.Role == GAM {
		listen = c.Harness.Listen
	}
	return CandidateInfo{
		Name: c.Name, Release: c.Release, Role: string(c.Role), Address: c.Address, Listen: listen,
		Dialect: c.Dialect.Name, Charset: c.Charset.String(), TLS: c.TLS != nil,
		Conformance: c.changedSettings(),
	}
}

// Partners are the names of both sides, as messages carry them.
func (c *Candidate) Partners() pam.Partners {
	return pam.Partners{
		SendingApplication: c.Harness.Application, SendingFacility: c.Harness.Facility,
		ReceivingApplication: c.Application, ReceivingFacility: c.Facility,
	}
}

// Value is what {{candidate.…}} and {{harness.…}} stand for; "" for a reference
// of another kind.
func (c *Candidate) Value(ref Ref) string {
	if ref.Kind == RefHarness {
		return map[string]string{"application": c.Harness.Application, "facility": c.Harness.Facility}[ref.Name]
	}
	if ref.Kind != RefCandidate {
		return ""
	}
	switch ref.Name {
	case "name":
		return c.Name
	case "release":
		return c.Release
	case "address":
		return c.Address
	case "dialect":
		return c.Dialect.Name
	case "charset":
		return c.Charset.String()
	case "application":
		return c.Application
	default:
		return c.Facility
	}
}

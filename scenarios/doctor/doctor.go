package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// Limits of an examination whose Options have none.
const (
	DefaultConnect   = 3 * time.Second
	DefaultHandshake = 3 * time.Second
	DefaultAnswer    = 5 * time.Second
	DefaultIdle      = time.Second
	DefaultSettle    = 200 * time.Millisecond
)

// Options say whom to examine, and as whom.
type Options struct {
	Addr string // host:port

	// Files are those of mutual TLS; nil: we mean to speak in plain.
	Files *mllp.Files

	Partners pam.Partners // who the probes are from, and for
	Version  string       // MSH-12 of the probes; "" is 2.5
	Charset  hl7.Charset  // the set that the peer is said to use; ASCII stands for UTF-8
	Tool     string       // name and version, for the report

	// Limits of each wait; 0 stands for the default. The context bounds them all.
	Connect, Handshake, Answer time.Duration
	Idle                       time.Duration // how long an idle connection is watched
	Settle                     time.Duration // how long one is watched after an answer, for a peer that closes it each time

	// Begin and Observe, if not nil, are told about each check as it begins, and
	// when it is made.
	Begin   func(ID)
	Observe func(Check)

	Now func() time.Time // nil: time.Now

	// Dial and Lookup reach the network; nil: as the machine does.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Run makes all checks. It returns when they are made or ctx has ended; the
// checks that were not made are in the report too, and say why.
func Run(ctx context.Context, opt Options) *Report {
	e := newExam(opt)
	defer e.close()
	e.report.Started = e.opt.Now().UTC()
	begun := time.Now()
	for _, s := range steps() {
		e.report.Checks = append(e.report.Checks, e.make(ctx, s))
	}
	e.report.TookMS = milliseconds(time.Since(begun))
	e.report.Exit = e.report.exit()
	return e.report
}

// an exam is what one check leaves for those after it.
type exam struct {
	opt    Options
	report *Report

	host, port string
	name       string // expected in the server's certificate
	prober     int    // probes sent

	pool *x509.CertPool      // authorities that we trust; nil: none given, or unusable
	ours []*x509.Certificate // those authorities
	pair *tls.Certificate    // our identity; nil: none, or one that cannot be shown

	addresses []netip.Addr
	used      string // the address that answers, with its port
	speaks    Speech
	best      *shake // the handshake in the best version that the server takes
	messages  bool   // messages can be exchanged: TLS in a version and suite of ours, or plain
	refused   bool   // the server does not take who we are

	client *mllp.Client // for messages, once it is needed
	first  *exchange    // the first of them
}

func newExam(opt Options) *exam {
	opt.Connect = cmp.Or(opt.Connect, DefaultConnect)
	opt.Handshake = cmp.Or(opt.Handshake, DefaultHandshake)
	opt.Answer = cmp.Or(opt.Answer, DefaultAnswer)
	opt.Idle = cmp.Or(opt.Idle, DefaultIdle)
	opt.Settle = cmp.Or(opt.Settle, DefaultSettle)
	opt.Version = cmp.Or(opt.Version, "2.5")
	opt.Charset = cmp.Or(opt.Charset, hl7.UTF8)
	for _, name := range []*string{&opt.Partners.SendingApplication, &opt.Partners.SendingFacility, &opt.Partners.ReceivingApplication, &opt.Partners.ReceivingFacility} {
		*name = cmp.Or(*name, "PAMLAB")
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Dial == nil {
		opt.Dial = new(net.Dialer).DialContext
	}
	if opt.Lookup == nil {
		opt.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	e := &exam{opt: opt}
	e.host, e.port, _ = net.SplitHostPort(opt.Addr)
	e.report = &Report{Version: 1, Tool: opt.Tool, Target: opt.Target()}
	e.name = cmp.Or(e.report.Target.ServerName, e.host)
	return e
}

// Target is whom the examination is about.
func (o Options) Target() Target {
	t := Target{Address: o.Addr}
	if o.Files != nil {
		host, _, _ := net.SplitHostPort(o.Addr)
		t.TLS, t.ServerName = true, cmp.Or(o.Files.ServerName, host)
	}
	return t
}

func (e *exam) close() {
	if e.client != nil {
		e.client.Close()
	}
}

// a step is a check and what it needs.
type step struct {
	id    ID
	needs func(*exam) scenarios.Text // why it cannot be made; zero if it can
	check func(*exam, context.Context, *Check)
}

func steps() []step {
	return []step{
		{CheckFiles, nil, (*exam).files},
		{CheckName, nil, (*exam).lookUp},
		{CheckPort, (*exam).needsAddress, (*exam).knock},
		{CheckProtocol, (*exam).needsPort, (*exam).protocol},
		{CheckVersions, (*exam).needsTLS, (*exam).versions},
		{CheckChain, (*exam).needsHandshake, (*exam).chain},
		{CheckClock, (*exam).needsMessages, (*exam).clock},
		{CheckIdentity, (*exam).needsRequest, (*exam).identity},
		{CheckEcho, (*exam).needsWelcome, (*exam).echo},
		{CheckCharset, (*exam).needsAnswer, (*exam).charset},
		{CheckConnection, (*exam).needsAnswer, (*exam).connection},
	}
}

// make makes one check, or says why it cannot be made.
func (e *exam) make(ctx context.Context, s step) Check {
	c := Check{ID: s.id, Status: OK}
	if e.opt.Begin != nil {
		e.opt.Begin(s.id)
	}
	begun := time.Now()
	var missing scenarios.Text
	if s.needs != nil {
		missing = s.needs(e)
	}
	switch {
	case e.ended(ctx):
		c.skip(e.endedText())
	case !missing.IsZero():
		c.skip(missing)
	default:
		s.check(e, ctx, &c)
		if e.ended(ctx) {
			// What failed because the time was up is no finding about the peer.
			c = Check{ID: s.id}
			c.skip(e.endedText())
		}
	}
	c.TookMS = milliseconds(time.Since(begun))
	if e.opt.Observe != nil {
		e.opt.Observe(c)
	}
	return c
}

// ended reports whether there is no time left, and keeps why. A connection may know
// that before the timer of the context does.
func (e *exam) ended(ctx context.Context) bool {
	end, bounded := ctx.Deadline()
	switch late := bounded && !time.Now().Before(end); {
	case ctx.Err() == nil && !late:
		return false
	case ctx.Err() == nil, errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.report.OutOfTime = true
	default:
		e.report.Interrupted = true
	}
	return true
}

func (e *exam) endedText() scenarios.Text {
	if e.report.Interrupted {
		return textf("interrompu", "interrupted")
	}
	return textf("le temps est écoulé (--timeout)", "time is up (--timeout)")
}

func (e *exam) needsAddress() scenarios.Text {
	if len(e.addresses) == 0 {
		return textf("le nom n'a pas d'adresse", "the name has no address")
	}
	return scenarios.Text{}
}

func (e *exam) needsPort() scenarios.Text {
	if e.used == "" {
		return textf("aucune adresse ne répond", "no address answers")
	}
	return scenarios.Text{}
}

func (e *exam) needsTLS() scenarios.Text {
	if t := e.needsPort(); !t.IsZero() || e.speaks == SpeaksTLS {
		return t
	}
	return textf("le port ne parle pas TLS", "the port does not speak TLS")
}

func (e *exam) needsHandshake() scenarios.Text {
	if t := e.needsTLS(); !t.IsZero() || e.best != nil {
		return t
	}
	return textf("aucune poignée de main TLS n'est allée jusqu'au certificat", "no TLS handshake came as far as the certificate")
}

// needsRequest: in TLS 1.3 the demand for a certificate is seen at the end of the
// handshake only.
func (e *exam) needsRequest() scenarios.Text {
	t := e.needsHandshake()
	if !t.IsZero() || !e.best.broken() || e.best.request != nil {
		return t
	}
	return textf("la poignée de main n'aboutit pas", "the handshake does not come to an end")
}

func (e *exam) needsMessages() scenarios.Text {
	t := e.needsPort()
	switch {
	case !t.IsZero() || e.messages:
		return t
	case e.best != nil && e.best.broken():
		return textf("la poignée de main n'aboutit pas", "the handshake does not come to an end")
	case e.speaks == SpeaksTLS:
		return textf("pas de TLS 1.2 ou 1.3 dans lequel nous parlerions au correspondant", "no TLS 1.2 or 1.3 in which we would speak to the peer")
	}
	return textf("le port ne parle pas MLLP", "the port does not speak MLLP")
}

func (e *exam) needsWelcome() scenarios.Text {
	if t := e.needsMessages(); !t.IsZero() || !e.refused {
		return t
	}
	return textf("le correspondant refuse notre identité", "the peer refuses our identity")
}

func (e *exam) needsAnswer() scenarios.Text {
	t := e.needsWelcome()
	if !t.IsZero() || e.first != nil && e.first.err == nil {
		return t
	}
	return textf("le premier message n'a pas eu de réponse", "the first message was not answered")
}

// dialUsed opens a connection to the address that answers, whatever is asked
// for: the name was looked up once, and all checks have to be about the same
// machine.
func (e *exam) dialUsed(ctx context.Context, network, _ string) (net.Conn, error) {
	return e.opt.Dial(ctx, network, e.used)
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

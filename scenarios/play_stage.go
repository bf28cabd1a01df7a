package scenarios

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	order "github.com/pamlab/pamlab/hl7/pam/sequence"
	"github.com/pamlab/pamlab/mllp"
)

// stage is everything that one play owns: its patient and stay, its connection,
// and what its steps have left for later ones. It belongs to one goroutine.
type stage struct {
	player  *Player
	script  Play
	write   func(Event)
	seed    uint64
	gen     *pam.Generator
	journey *pam.Journey
	charset hl7.Charset
	client  *mllp.Client
	opened  bool                   // the client's connection was told to the journal
	names   map[string]string      // variables and captures
	steps   map[string]*stepRecord // by id
	current *stepRecord
	peer    *x509.Certificate // that the candidate showed last on client
	seen    map[string]bool   // MSH-10 of acknowledgements
	report  rules.Report      // of the message in hand
	order   *order.Tracker    // of our messages; nil once one was bent
	aside   []io.Closer       // connections that are held until the play ends

	inbox     *inbox            // of a play that receives; nil while it does not listen
	shown     map[string]string // identities that steps have put on its listeners
	pile      []*letter         // of the inbox, that no step has decided on
	strays    []*letter         // that came while the play knew nobody
	lastTaken *letter           // by a step
	answered  atomic.Int64      // acknowledgements of ours
}

// stepRecord is what is known of a step that was played.
type stepRecord struct {
	step     *Step
	sent     []byte
	message  *hl7.Message // nil when what was sent is no message
	ack      *hl7.Receipt
	verdict  Verdict
	received *hl7.Message // of a step that receives, the first of several
	json     any          // that an endpoint answered
	called   bool         // it did
	built    bool         // from an event, by package pam
	intact   bool         // and as it was built: nobody bent it, nobody forced it
}

// newStage makes the patient, the stay and the variables of a play.
func (p *Player) newStage(play Play, write func(Event)) (*stage, error) {
	c := p.Candidate
	s := &stage{
		player: p, script: play, write: write, seed: p.seedOf(play), charset: c.Charset,
		names: map[string]string{}, steps: map[string]*stepRecord{}, seen: map[string]bool{}, shown: map[string]string{},
		order: order.New(order.Options{Settings: c.Conformance, Patients: mostPatients}),
	}
	if play.Case.Given.Charset != nil {
		s.charset = *play.Case.Given.Charset
	}
	gen := pam.NewGenerator(s.seed, p.Instant)
	patientSpec, err := play.Case.Given.PatientSpec(s)
	if err != nil {
		return nil, err
	}
	patientSpec.Letters = cmp.Or(patientSpec.Letters, s.letters())
	patient, err := gen.Patient(patientSpec)
	if err != nil {
		return nil, err
	}
	staySpec, err := play.Case.Given.StaySpec(s)
	if err != nil {
		return nil, err
	}
	staySpec.Letters = cmp.Or(staySpec.Letters, s.letters())
	stay, err := gen.Stay(staySpec)
	if err != nil {
		return nil, err
	}
	s.gen, s.journey = gen, pam.NewJourney(gen, c.Dialect, s.charset, c.Partners(), patient, stay)
	for _, v := range play.Case.Vars {
		if s.names[v.Key], err = v.Value.Render(s); err != nil {
			return nil, err
		}
	}
	if s.client, err = s.newClient(Connect{}); err != nil {
		return nil, err
	}
	return s, nil
}

// letters bounds what is drawn by what the character set can write.
func (s *stage) letters() string {
	if s.charset == hl7.ASCII {
		return "ascii"
	}
	return ""
}

func (s *stage) close() {
	s.closeInbox()
	_ = s.client.Close()
	for _, c := range s.aside {
		_ = c.Close()
	}
}

// closeInbox ends listening. What nobody has decided on is accepted.
func (s *stage) closeInbox() {
	if s.inbox == nil {
		return
	}
	for _, l := range s.pile {
		l.decide(nil, true)
	}
	s.inbox.close()
	s.inbox = nil
}

// play plays the steps until one fails, then those that are always played.
func (s *stage) play(ctx context.Context) playResult {
	result := playResult{}
	var stopped *Text
	if len(s.script.Case.awaited()) > 0 && s.script.Case.Steps[0].Accept == nil {
		in, err := s.openInbox(ctx)
		if err != nil {
			return playResult{verdict: Inconclusive, reason: textOf(err)}
		}
		s.inbox = in
	}
	for _, step := range s.script.Case.Steps {
		if stopped != nil {
			s.skip(step, *stopped)
			result.verdict = result.verdict.Worse(Inconclusive)
			continue
		}
		verdict, unusable, reason := s.step(ctx, step, false)
		result.unusable = result.unusable || unusable
		if verdict.Worse(result.verdict) != result.verdict {
			result.reason = reason
		}
		result.verdict = result.verdict.Worse(verdict)
		if verdict == Fail || verdict == Inconclusive || verdict == Error {
			text := Textf("l'étape « %s » n'a pas abouti", "the step %q did not succeed", step.ID)
			stopped = &text
		}
	}
	if stopped == nil {
		result.verdict = result.verdict.Worse(s.rest(ctx))
	}
	s.playAlways(ctx, &result)
	return result
}

// playAlways plays the steps that leave the candidate as it was found. They have
// a little time of their own when the run was interrupted or took too long. One
// that cannot be built, because what it would undo never happened, is left out.
func (s *stage) playAlways(ctx context.Context, result *playResult) {
	if ctx.Err() != nil {
		limits := s.player.Candidate.Limits
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.Connect+limits.Handshake+limits.Ack)
		defer cancel()
		ctx = grace
	}
	for _, step := range s.script.Case.Always {
		if !s.holds(step.When) {
			continue
		}
		if !s.player.Candidate.takes(step.Send.events()...) {
			continue // nobody asked for more than the scenario requires
		}
		verdict, _, reason := s.step(ctx, step, true)
		if verdict.Worse(result.verdict) != result.verdict {
			result.reason = reason
		}
		result.verdict = result.verdict.Worse(verdict)
	}
}

// skip records a step that was never played.
func (s *stage) skip(step *Step, why Text) {
	s.write(Event{Kind: StepFinished, Step: step.ID, Result: &ResultInfo{Verdict: Inconclusive, Reason: &why}})
}

// holds reports whether the condition of a step of `always` is met.
func (s *stage) holds(when *Condition) bool {
	if when == nil {
		return true
	}
	r := s.steps[when.Step]
	if r == nil {
		return false
	}
	switch when.State {
	case StepSent:
		return r.sent != nil
	case StepAcked:
		return r.ack != nil
	case StepPassed:
		return r.verdict == Pass || r.verdict == Warn
	default:
		return r.verdict == Fail
	}
}

// newClient makes the client of a connection: with which identity, or in plain
// text.
func (s *stage) newClient(connect Connect) (*mllp.Client, error) {
	c := s.player.Candidate
	config, err := s.tlsConfig(connect)
	if err != nil {
		return nil, err
	}
	return &mllp.Client{
		Addr: c.Address, TLSConfig: config, MaxMessage: c.Limits.Message,
		ConnectTimeout: c.Limits.Connect, HandshakeTimeout: c.Limits.Handshake,
		WriteTimeout: c.Limits.Ack, AnswerTimeout: c.Limits.Ack,
	}, nil
}

func (s *stage) tlsConfig(connect Connect) (*tls.Config, error) {
	c := s.player.Candidate
	if c.TLS == nil || connect.Plain {
		return nil, nil
	}
	files, err := c.TLS.Files(connect.Present)
	if err != nil {
		return nil, err
	}
	config, err := files.ClientConfig()
	if err == nil {
		connect.Offer.apply(config)
	}
	return config, err
}

// Now implements Env.
func (s *stage) Now() time.Time { return s.player.now() }

// Start implements Env.
func (s *stage) Start() time.Time { return s.player.Instant }

// errNoValue says that a reference has no value because something that should
// have happened did not.
type errNoValue struct{ Text }

func (e errNoValue) Error() string { return e.EN }

// Lookup implements Env.
func (s *stage) Lookup(r Ref) (string, error) {
	switch r.Kind {
	case RefName:
		return s.names[r.Name], nil
	case RefSeed:
		return strconv.FormatUint(s.player.Seed, 10), nil
	case RefControlID:
		return s.gen.ControlID(), nil
	case RefPatient:
		return patientValue(s.journey.Patient(), r.Name), nil
	case RefStay:
		return stayValue(s.journey.Stay(), r.Name), nil
	case RefCandidate, RefHarness:
		return s.player.Candidate.Value(r), nil
	case RefMessage:
		return s.messageValue(r)
	}
	return "", errNoValue{Textf("référence inconnue : %s", "unknown reference: %s", r.Text)}
}

func (s *stage) messageValue(r Ref) (string, error) {
	record := s.current
	if r.Step != "" {
		record = s.steps[r.Step]
	}
	missing := errNoValue{Textf("l'étape « %s » n'a pas de message « %s »", "the step %q has no message %q", r.Step, string(r.Side))}
	if record == nil {
		return "", missing
	}
	message := record.message
	if r.Side == SideReceived {
		message = record.received
	}
	if r.Side == SideAck {
		if record.ack == nil {
			return "", missing
		}
		message = record.ack.Message
	}
	if message == nil {
		return "", missing
	}
	return message.Lookup(r.Path).Text()
}

func patientValue(p pam.Patient, name string) string {
	switch name {
	case "ipp":
		return p.IPP
	case "ins":
		return p.INS
	case "family":
		return p.Family
	case "given":
		return strings.Join(p.Given, " ")
	case "sex":
		return p.Sex
	default:
		return p.Birth.Format("20060102")
	}
}

func stayValue(st pam.Stay, name string) string {
	switch name {
	case "account":
		return st.Account
	case "visit":
		return st.Visit
	case "class":
		return st.Class
	default:
		return st.Housing.Code
	}
}

package reference

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/mllp"
)

// What a GAM does whose options say nothing: how often it sends a message, and how
// long it waits for the receiver before it tries again.
const (
	DefaultEvery    = time.Second
	DefaultPatience = 5 * time.Second
)

// GAMOptions say where a GAM sends its messages, what they look like, and what is
// wrong with it.
type GAMOptions struct {
	Addr string      // host:port of the receiver
	TLS  *mllp.Files // mutual TLS with these files; nil is plain TCP

	// Dialect and Charset are those of the messages; the zero values are
	// pam-fr-2.11 and ASCII. Partners are MSH-3 to MSH-6.
	Dialect  pam.Dialect
	Charset  hl7.Charset
	Partners pam.Partners

	// Seed decides whom the messages are about, and Instant when: zero is the
	// present.
	Seed    uint64
	Instant time.Time

	Every    time.Duration // between two messages, and two attempts to connect; 0 is DefaultEvery
	Patience time.Duration // with a connection, a handshake, an answer; 0 is DefaultPatience

	// Observe, if not nil, is told about each message, on the GAM's goroutine.
	Observe func(Contact)
	// Logger gets a line for each message, without its content; nil is
	// slog.Default().
	Logger *slog.Logger

	Bugs []string // names from GAMBugs
}

// A Contact is an attempt of a GAM to have a message taken.
type Contact struct {
	Trigger string       // MSH-9.2
	Patient string       // what a Desk was told to call them; "" of a GAM
	Conn    *mllp.Conn   // nil when there was none
	Ack     *hl7.Receipt // nil when none came
	Err     error        // why: an *mllp.Error, or that what came is no acknowledgement
}

// A GAM sends identities to one receiver, over one connection that it opens again
// whenever it has to: an A28, then A31 of the same patient. It never gives up.
type GAM struct {
	line

	gen     *pam.Generator
	journey *pam.Journey // nil: the next message is about somebody new
	sent    int          // messages about the patient at hand

	stop context.CancelFunc
	task sync.WaitGroup
}

// StartGAM lets a GAM send until Stop is called or ctx ends. Stop is due in both
// cases. The error is an *UnknownNameError or an *mllp.FileError.
func StartGAM(ctx context.Context, opt GAMOptions) (*GAM, error) {
	g := &GAM{}
	if err := g.open(opt); err != nil {
		return nil, err
	}
	g.gen = g.generator()
	ctx, g.stop = context.WithCancel(ctx)
	g.task.Go(func() { g.run(ctx) })
	return g, nil
}

// Stop ends the exchange in flight and closes the connection. A second Stop does
// nothing.
func (g *GAM) Stop() {
	g.stop()
	g.task.Wait()
}

// run sends until ctx ends.
func (g *GAM) run(ctx context.Context) {
	defer g.hangUp()
	for {
		message, trigger, err := g.next()
		if err != nil { // a fault of ours, which trying again does not mend
			g.opt.Logger.Error("reference GAM: no message", "error", err)
			return
		}
		contact := g.exchange(ctx, message)
		if ctx.Err() != nil {
			return
		}
		contact.Trigger = trigger
		g.tell(contact)
		if contact.Err != nil {
			g.journey = nil
		}
		if !wait(ctx, g.opt.Every) {
			return
		}
	}
}

// perPatient is how many messages are about one patient.
const perPatient = 10

// next makes the next message.
func (g *GAM) next() (message []byte, trigger string, err error) {
	if g.journey == nil || g.sent >= perPatient {
		if err := g.begin(); err != nil {
			return nil, "", err
		}
	}
	event := pam.Trigger("A31")
	if g.sent == 0 {
		event = "A28"
	}
	g.sent++
	m, err := g.journey.Message(fmt.Sprintf("m%d", g.sent), event, pam.Change{})
	if err != nil {
		return nil, "", err
	}
	return slices.Clone(m.Bytes()), string(event), nil
}

// begin turns to another patient.
func (g *GAM) begin() error {
	patient, err := g.gen.Patient(pam.PatientSpec{Identity: "validated", Letters: letters(g.opt.Charset)})
	if err != nil {
		return err
	}
	stay, err := g.gen.Stay(pam.StaySpec{Letters: letters(g.opt.Charset)})
	if err != nil {
		return err
	}
	g.journey, g.sent = pam.NewJourney(g.gen, g.dialect, g.opt.Charset, g.opt.Partners, patient, stay), 0
	return nil
}

package scenarios

import (
	"cmp"
	"crypto/tls"
)

// guise is an identity that a listener shows, to whoever begins a handshake while
// it wears it.
type guise struct {
	present string
	greet   func(*tls.ClientHelloInfo) (*tls.Config, error)
}

// wear has a listener show an identity from now on, and returns the configuration
// that a server begins with. Connections that are open keep what they have seen.
func (e *listeningEnd) wear(present string) (*tls.Config, error) {
	files, err := e.in.stage.player.Candidate.TLS.Files(present)
	if err != nil {
		return nil, err
	}
	config, err := files.ServerConfig()
	if err != nil {
		return nil, err
	}
	g := &guise{present: present, greet: config.GetConfigForClient}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return e.guise.Load().greet(hello) }
	e.guise.Store(g) // from here on, handshakes read the configuration
	return config, nil
}

// present has the listener of a step show what the step says, until another step
// says something else.
func (s *stage) present(step *Step) error {
	r := step.Receive
	if r == nil || r.Present == nil {
		return nil
	}
	s.shown[r.Listener] = *r.Present
	for _, end := range s.inbox.ends {
		if end.name != r.Listener || end.guise.Load() == nil {
			continue
		}
		where, _ := s.player.Candidate.Harness.listener(r.Listener)
		name := cmp.Or(*r.Present, where.Present)
		if _, err := end.wear(name); err != nil {
			return err
		}
		name = cmp.Or(name, "default")
		s.write(Event{Kind: Note, Step: step.ID, Note: &Text{
			FR: "désormais, " + listenerName(r.Listener) + " présente l'identité « " + name + " »",
			EN: "from now on, " + listenerName(r.Listener) + ` shows the identity "` + name + `"`,
		}})
	}
	return nil
}

package scenarios

// has reports whether a step can have a message of that side.
func (s *Step) has(side Side) bool {
	switch side {
	case SideReceived:
		return s.Receive != nil && !s.Receive.silence()
	case SideJSON:
		return s.Trigger != nil || s.Probe != nil
	}
	return s.sends()
}

func noSuchMessage(side Side) Text {
	switch side {
	case SideReceived:
		return Text{FR: "cette étape n'attend pas de message", EN: "this step awaits no message"}
	case SideJSON:
		return Text{FR: "cette étape n'interroge personne", EN: "this step asks nobody"}
	}
	return Text{FR: "cette étape n'échange pas de message", EN: "this step exchanges no message"}
}

// around checks the references of what a step has done by others, and of what it
// awaits and answers.
func (k *checker) around(step *Step) {
	templates := func(list ...Template) {
		for _, t := range list {
			k.template(t, nil)
		}
	}
	if o := step.Operator; o != nil {
		templates(o.FR, o.EN)
	}
	for _, call := range []*Call{step.Trigger, step.Probe} {
		if call == nil {
			continue
		}
		templates(call.Path)
		for _, h := range call.Headers {
			templates(h.Value)
		}
		templates(call.Body.templates()...)
	}
	if r := step.Receive; r != nil {
		templates(r.ID)
		for _, e := range r.Match {
			templates(e.Matcher.templates()...)
		}
	}
	if r := step.Reply; r != nil {
		k.template(r.Text, step)
		if r.Error != nil {
			for _, t := range []Template{r.Error.Text, r.Error.Diagnostic, r.Error.User} {
				k.template(t, step)
			}
		}
	}
}

// fits reports an expectation about something that the step does not have.
func (k *checker) fits(step *Step, e *Expectation) {
	awaits := step.has(SideReceived)
	switch e.Target {
	case TargetReceived, TargetReceivedConforms, TargetLenient, TargetSince:
		if !awaits {
			k.d.out.add(e.Pos, noSuchMessage(SideReceived))
		}
	case TargetStatus, TargetJSON:
		if !step.has(SideJSON) {
			k.d.out.add(e.Pos, noSuchMessage(SideJSON))
		}
	case TargetSession:
		if step.Receive.silence() {
			k.d.out.add(e.Pos, noSuchMessage(SideReceived))
		}
	case TargetConnection, TargetTLS:
		helped := step.Receive != nil || step.Trigger != nil || step.Probe != nil || step.Operator != nil
		switch {
		case e.Target == TargetTLS && awaits && (e.Field == "outcome" || e.Field == "alert" || e.Field == "peer.renewed"):
			if e.Field == "outcome" && e.implied {
				return
			}
			k.d.out.add(e.Pos, Text{
				FR: "un message reçu est venu sur une connexion acceptée", EN: "a message that was received came over a connection that was accepted",
			}).expected("attendu : version, cipher ou peer ; un refus s'attend par « accept »", `expected: version, cipher or peer; a refusal is awaited by "accept"`)
		case e.Target == TargetTLS && awaits:
		case helped:
			k.d.out.add(e.Pos, Textf("cette étape n'a pas de « %s »", "this step has no %q", string(e.Target)))
		}
	}
}

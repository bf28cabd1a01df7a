package rules

// Applied lists the rules on acknowledgements that had something to judge in the
// acknowledgement of the report, broken or not, in the order of the catalogue.
// It is empty for other messages, and leaves out rules that only say how a fact
// about a definition is told: of those there is nothing to tell until they are
// broken.
func (r *Report) Applied() []*Rule {
	s := &r.scope
	if s.plan == nil || !s.isAck() {
		return nil
	}
	var list []*Rule
	for _, c := range s.plan.rulesFor("ACK") {
		if rule := c.rule; rule.body.of == ofAck && s.level(rule) != Off && s.applies(rule) {
			list = append(list, rule)
		}
	}
	return list
}

// applies says whether a rule comes to its demands: what it needs is there, and
// its condition holds.
func (s *scope) applies(r *Rule) bool {
	b, code := &r.body, s.plan.catalogue.compiled(r)
	if !b.acts || !s.mayFind(b.needs, nil) { // other guards ask for what the demands find
		return false
	}
	switch {
	case b.eachID == 0:
		return code.holds(s)
	case b.whole:
		s.at = &nowhere
		for s.segment = range s.ids {
			if s.ids[s.segment] == b.over && code.holds(s) {
				return true
			}
		}
		return false
	}
	defer func() { s.nested = false }()
	list := s.named(r).list
	for i := range list {
		s.segment, s.at, s.nested = int(list[i].segment), &list[i], list[i].nested
		if code.holds(s) {
			return true
		}
	}
	return false
}

package rules

import "github.com/pamlab/pamlab/hl7"

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
func (s *scope) applies(r *Rule) (applies bool) {
	probe := *s.plan.catalogue.compiled(r)
	probe.body.first, probe.body.own, probe.body.at = nil, needs{}, needs{} // which ask for what the demands find
	probe.body.demands = []demand{func(*scope, func(hl7.Value)) { applies = true }}
	s.judge(&probe, nil)
	return applies
}

package rules

var visitChecks = map[string]demand{}

var visitConditions = map[string]cond{}

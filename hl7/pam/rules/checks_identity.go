package rules

var identityChecks = map[string]demand{}

var identityConditions = map[string]cond{}

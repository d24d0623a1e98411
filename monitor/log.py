"""One call that sets logging up."""

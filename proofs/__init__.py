"""Programs that prove a promise on a whole portal, each with a control that must fail."""

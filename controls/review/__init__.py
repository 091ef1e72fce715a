"""The detailed review of a chosen sub-process: risks, controls, matrix, test of design, conclusion.

chosen → planned → in progress → draft → in hearing → approved (covered) → archived; suspended, deferred.
Controls are versioned; a test keeps a frozen copy of the control it tested.
"""

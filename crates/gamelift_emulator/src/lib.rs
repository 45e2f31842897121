//! Amazon GameLift on your own machine: the AWS API and the server SDK websocket on one port.

"""The diagram of optimised weights under the point law, from closed forms."""
